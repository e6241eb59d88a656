// Lines of a file: `#L3`, `#L3-7` and `#L3,9-12` are marked, shift-click makes a range, long lines can be wrapped.
export default function ([table], { remember }) {
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
