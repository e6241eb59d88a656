// A text field with a list below it: the arrows choose, Enter opens, typing filters. Used by the switchers and the finder.
//
// `options` are `{ text, url, title, node() }`; those whose text begins with what was typed come first.
// Returns a function that puts others in their place.
export function chooser({ input, list, options, t, most = 100, empty = t("Nothing matches") }) {
  const id = list.id || (list.id = `choose-${Math.random().toString(36).slice(2)}`);
  list.setAttribute("role", "listbox");
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": id, "aria-autocomplete": "list", autocomplete: "off" })) input.setAttribute(name, value);
  let links = [];
  let current = -1;

  const select = (n) => {
    links[current]?.removeAttribute("aria-selected");
    current = links.length ? (n + links.length) % links.length : -1;
    const link = links[current];
    if (!link) return input.removeAttribute("aria-activedescendant");
    link.setAttribute("aria-selected", "true");
    link.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", link.id);
  };

  const draw = () => {
    const typed = input.value.trim().toLowerCase();
    const starts = [];
    const holds = [];
    for (const option of options) {
      const text = option.text.toLowerCase();
      if (text.startsWith(typed)) starts.push(option);
      else if (text.includes(typed)) holds.push(option);
    }
    const matches = [...starts, ...holds];
    list.replaceChildren();
    links = [];
    let title;
    for (const option of typed ? matches.slice(0, most) : options.slice(0, most)) {
      if (!typed && option.title && option.title !== title) {
        title = option.title;
        list.append(Object.assign(document.createElement("li"), { className: "menu-title", textContent: title, role: "presentation" }));
      }
      const item = document.createElement("li");
      item.role = "presentation";
      const link = document.createElement("a");
      Object.assign(link, { href: option.url, id: `${id}-${links.length}`, role: "option", tabIndex: -1, title: option.text });
      link.append(...option.node());
      item.append(link);
      list.append(item);
      links.push(link);
    }
    const left = (typed ? matches.length : options.length) - links.length;
    if (!links.length || left > 0) list.append(Object.assign(document.createElement("li"), { className: "menu-note", textContent: links.length ? t("{n} more: type to narrow", { n: left }) : empty }));
    select(0);
  };

  input.addEventListener("input", draw);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") select(current + 1);
    else if (event.key === "ArrowUp") select(current - 1);
    else if (event.key === "Enter") links[current]?.click();
    else return;
    event.preventDefault();
  });
  draw();
  return (others) => { options = others; draw(); };
}
