// Helps with the plain field in which files are edited: Tab indents, it has room for the text, a preview without leaving the
// page, and a question before typed text is lost. Escape gives Tab back its usual meaning, so that nobody is caught.
export default function ([form]) {
  const field = form.elements.content;
  const results = document.getElementById("edit-results");
  const first = new FormData(form);
  let tabs = true;
  let sent = false;

  const changed = () => ["content", "path", "location", "filename", "message"]
    .some((name) => form.elements[name] && form.elements[name].value !== first.get(name)?.replace(/\r\n/g, "\n"));

  const indent = () => (/^\t/m.test(field.value) || !/^ {2,}\S/m.test(field.value) ? "\t" : (/^ {2}\S/m.test(field.value) ? "  " : "    "));

  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tabs = false;
    if (event.key !== "Tab" || !tabs || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    // The old command keeps the field's own undo, which setting the value would forget.
    if (!document.execCommand("insertText", false, indent())) field.setRangeText(indent(), field.selectionStart, field.selectionEnd, "end");
  });
  field.addEventListener("focus", () => { tabs = true; });
  for (const help of form.querySelectorAll("[data-editor-help]")) help.hidden = false;

  const room = Math.floor(window.innerHeight * 0.7 / 20);
  field.rows = Math.max(10, Math.min(field.value.split("\n").length + 3, room));

  form.addEventListener("submit", (event) => {
    if (event.submitter?.matches("[data-editor-preview]")) {
      event.preventDefault();
      preview(event.submitter);
    } else {
      sent = true;
    }
  });
  window.addEventListener("beforeunload", (event) => { if (!sent && changed()) event.preventDefault(); });
  window.addEventListener("pageshow", () => { sent = false; });

  async function preview(button) {
    const body = new FormData(form);
    body.delete("upload_file");
    // Without this it would be a commit.
    body.set(button.name, button.value);
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-PARTIAL-XHR": "1" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("edit-results");
      if (!fresh) throw new Error(String(answer.status));
      results.replaceChildren(...fresh.childNodes);
      const target = results.querySelector("[role=alert], #preview-title");
      target?.focus();
      target?.scrollIntoView({ block: "nearest" });
    } catch {
      // The button without script asks for the same, as a page of its own.
      sent = true;
      button.removeAttribute("data-editor-preview");
      button.disabled = false;
      form.requestSubmit(button);
    } finally {
      button.disabled = false;
    }
  }
}
