// What scrolls sideways: the row of tabs shows the one that is open, and what is wide within a document can be reached with
// Tab, so that the arrow keys move it.
export default function (boxes) {
  for (const open of document.querySelectorAll(".tabs [aria-current]")) {
    const row = open.closest(".tabs");
    const [tab, edge] = [open.getBoundingClientRect(), row.getBoundingClientRect()];
    row.scrollLeft += Math.max(0, tab.right - edge.right + 16) - Math.max(0, edge.left - tab.left + 16);
  }
  const wide = boxes.filter((box) => !box.matches(".tabs"));
  const mark = () => {
    for (const box of wide) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  new ResizeObserver(mark).observe(document.body);
  mark();
}
