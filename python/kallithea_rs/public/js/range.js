// Two ticked changesets of the changelog make a range: at most two stay ticked, and the buttons say what they will show.
export default function ([form]) {
  const boxes = [...document.querySelectorAll("input.changeset_range")];
  const buttons = [...form.querySelectorAll("button")];
  const draw = (last) => {
    let chosen = boxes.filter((box) => box.checked);
    if (chosen.length > 2) {
      // The newest tick and the one farthest from it stay.
      for (const box of chosen) if (box !== last && box !== (chosen[0] === last ? chosen.at(-1) : chosen[0])) box.checked = false;
      chosen = boxes.filter((box) => box.checked);
    }
    form.classList.toggle("on", chosen.length > 0);
    for (const button of buttons) button.disabled = chosen.length < 2;
  };
  document.addEventListener("change", (event) => { if (boxes.includes(event.target)) draw(event.target); });
  window.addEventListener("pageshow", () => draw());
  draw();
}
