// Buttons that copy: an address, an id, a path, or a block of commands.
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without https there is no clipboard to write to; a selected text field still can.
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export default function (found, { icon, say, t }) {
  for (const place of found) {
    const block = "copyBlock" in place.dataset;
    const button = block ? place.querySelector("button") : place;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await write(block ? place.querySelector("code").textContent : place.dataset.copy);
      const old = button.querySelector("svg");
      const done = icon("check");
      old.replaceWith(done);
      button.classList.add("copied");
      say(t("Copied"));
      setTimeout(() => { done.replaceWith(old); button.classList.remove("copied"); }, 1500);
    });
  }
}
