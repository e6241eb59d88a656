// What scrolls sideways within a document can be reached with Tab, so that the arrow keys move it.
export default function (boxes) {
  const mark = () => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  new ResizeObserver(mark).observe(document.body);
  mark();
}
