// Lines of a file: `#L3`, `#L3-7` and `#L3,9-12` are marked, shift-click makes a range, long lines can be wrapped.
export default function ([table], { element, remember, t }) {
  let first = 0;

  const mark = (scroll) => {
    for (const row of table.querySelectorAll(".chosen")) row.classList.remove("chosen");
    const match = /^#L(\d+(?:-L?\d+)?(?:,L?\d+(?:-L?\d+)?)*)$/.exec(location.hash);
    if (!match) return;
    const count = table.rows.length;
    let top;
    for (const part of match[1].replaceAll("L", "").split(",")) {
      const [from, to = from] = part.split("-").map(Number);
      for (let n = Math.min(from, to); n <= Math.min(Math.max(from, to), count); n += 1) {
        const row = document.getElementById(`L${n}`);
        row?.classList.add("chosen");
        top ??= row;
      }
    }
    first = Number(top?.id.slice(1) ?? 0);
    if (scroll) top?.scrollIntoView({ block: "center" });
  };

  table.addEventListener("click", (event) => {
    const link = event.target.closest(".linenos a");
    if (!link) return;
    event.preventDefault();
    const here = Number(link.hash.slice(2));
    const range = event.shiftKey && first && first !== here;
    if (range) getSelection().removeAllRanges();
    history.replaceState(null, "", range ? `#L${Math.min(first, here)}-${Math.max(first, here)}` : link.hash);
    const anchor = first;
    mark(false);
    first = range ? anchor : here;
  });
  addEventListener("hashchange", () => mark(true));
  mark(true);

  // The key `l` asks for a line.
  let dialog;
  table.addEventListener("ask", () => {
    if (!dialog) {
      const input = element("input", { id: "go-to-line", type: "text", inputmode: "numeric", pattern: "[0-9]+(-[0-9]+)?", placeholder: `1–${table.rows.length}`, autocomplete: "off" });
      dialog = element("dialog", { "aria-labelledby": "go-to-line-title" }, element("form", { method: "dialog", class: "go-to-line" },
        element("label", { id: "go-to-line-title", for: "go-to-line" }, t("Go to line")), input, element("button", { class: "primary" }, t("Go"))));
      dialog.addEventListener("close", () => {
        const line = input.value.trim();
        if (/^\d+(-\d+)?$/.test(line)) location.hash = `#L${line}`;
        input.value = "";
      });
      dialog.addEventListener("cancel", () => { input.value = ""; });
      document.body.append(dialog);
    }
    dialog.showModal();
    dialog.querySelector("input").focus();
  });

  const button = document.querySelector("[data-wrap]");
  if (!button) return;
  const wrap = (on) => {
    table.classList.toggle("wrap", on);
    button.setAttribute("aria-pressed", String(on));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = !table.classList.contains("wrap");
    wrap(on);
    remember.set("wrap", on ? "on" : "off");
  });
  wrap(remember.get("wrap") === "on");
}
