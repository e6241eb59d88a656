// Helps with the plain field in which files are edited: numbers beside its lines, Tab and Enter that know indentation, a preview
// without leaving the page, and a question before typed text is lost. Escape gives Tab back its usual meaning, so that nobody
// is caught.
export default function ([form], { t }) {
  const field = form.elements.content;
  const results = document.getElementById("edit-results");
  const numbers = form.querySelector(".editor-lines");
  const place = form.querySelector("[data-editor-place]");
  const first = new FormData(form);
  let tabs = true;
  let sent = false;

  const changed = () => ["content", "path", "location", "filename", "message"]
    .some((name) => form.elements[name] && form.elements[name].value !== first.get(name)?.replace(/\r\n/g, "\n"));

  // Tabs where the text has any; else as many blanks as it begins a block with.
  const indent = () => (/^\t/m.test(field.value) || !/^ {2,}\S/m.test(field.value) ? "\t" : (/^ {2}\S/m.test(field.value) ? "  " : "    "));
  // The old command keeps the field's own undo, which setting the value would forget.
  const type = (text) => {
    if (!document.execCommand(text ? "insertText" : "delete", false, text)) {
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input"));
    }
  };
  const startOfLine = (at) => field.value.lastIndexOf("\n", at - 1) + 1;

  // Several lines are moved as a block and stay selected.
  const shift = (back) => {
    const [from, to] = [startOfLine(field.selectionStart), field.selectionEnd];
    const step = indent();
    const lines = field.value.slice(from, to).split("\n");
    const narrow = new RegExp(`^(\t| {1,${step === "\t" ? 8 : step.length}})`);
    const moved = lines.map((line) => (back ? line.replace(narrow, "") : (line && step + line))).join("\n");
    field.setSelectionRange(from, to);
    type(moved);
    field.setSelectionRange(from, from + moved.length);
  };

  field.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.key === "Escape") tabs = false;
    const lines = field.value.slice(field.selectionStart, field.selectionEnd).includes("\n");
    if (event.key === "Tab" && tabs && (lines || !event.shiftKey)) {
      event.preventDefault();
      if (lines) shift(event.shiftKey);
      else type(indent());
    } else if (event.key === "Enter" && !event.shiftKey) {
      const before = field.value.slice(startOfLine(field.selectionStart), field.selectionStart);
      const blanks = /^[\t ]+/.exec(before)?.[0];
      if (!blanks) return;
      event.preventDefault();
      type(`\n${blanks}`);
    }
  });
  field.addEventListener("focus", () => { tabs = true; });
  for (const help of form.querySelectorAll("[data-editor-help]")) help.hidden = false;

  let count = 0;
  const number = () => {
    let lines = 1;
    for (let at = field.value.indexOf("\n"); at >= 0; at = field.value.indexOf("\n", at + 1)) lines += 1;
    if (lines !== count) {
      count = lines;
      numbers.textContent = Array.from({ length: lines }, (_, at) => at + 1).join("\n");
    }
    numbers.scrollTop = field.scrollTop;
  };
  const where = () => {
    if (document.activeElement !== field) return;
    const start = startOfLine(field.selectionStart);
    const line = field.value.slice(0, start).split("\n").length;
    place.textContent = t("Line {line}, column {column}", { line, column: field.selectionStart - start + 1 });
  };
  field.addEventListener("input", number);
  field.addEventListener("scroll", () => { numbers.scrollTop = field.scrollTop; }, { passive: true });
  for (const event of ["keyup", "click", "focus"]) field.addEventListener(event, where);
  number();
  where();

  form.addEventListener("submit", (event) => {
    if (event.submitter?.matches("[data-editor-preview]")) {
      event.preventDefault();
      preview(event.submitter);
    } else {
      sent = true;
    }
  });
  window.addEventListener("beforeunload", (event) => { if (!sent && changed()) event.preventDefault(); });
  window.addEventListener("pageshow", () => { sent = false; number(); });

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
