// Two ticked changesets of the changelog make a range.
export default function ([place], { element, t }) {
  const boxes = [...document.querySelectorAll("input.changeset_range")];
  for (const box of boxes) box.closest("label").hidden = false;
  const clear = element("button", { type: "button", class: "small", onclick: () => { for (const box of boxes) box.checked = false; draw(); } }, t("Clear"));
  const draw = (last) => {
    let chosen = boxes.filter((box) => box.checked);
    if (chosen.length > 2) {
      // The newest tick and the one farthest from it stay.
      for (const box of chosen) if (box !== last && box !== (chosen[0] === last ? chosen.at(-1) : chosen[0])) box.checked = false;
      chosen = boxes.filter((box) => box.checked);
    }
    place.hidden = chosen.length === 0;
    const [to, from] = chosen.map((box) => box.value);
    place.replaceChildren(...(from ? [element("a", { class: "button small primary", href: `${place.dataset.range}${from}...${to}` }, t("Show {from} → {to}", { from: from.slice(0, 6), to: to.slice(0, 6) }))] : [element("span", { class: "muted" }, t("Select a second changeset"))]), clear);
  };
  document.addEventListener("change", (event) => { if (boxes.includes(event.target)) draw(event.target); });
  draw();
}
