// Finds a file of the revision in view by a part of its path.
export default function ([button], { element, json, load, t }) {
  let dialog;
  button.hidden = false;
  button.title = "t";
  button.addEventListener("click", async () => {
    if (!dialog) {
      const input = element("input", { type: "search", "aria-label": t("Part of a path"), placeholder: t("Part of a path") });
      const list = element("ul", { class: "finder-list" }, element("li", { class: "menu-note" }, t("Loading…")));
      dialog = element("dialog", { "aria-label": t("Find file") }, element("h2", {}, t("Find file")), input, list);
      document.body.append(dialog);
      dialog.showModal();
      // What is typed while the names are on their way counts.
      input.focus();
      try {
        const { nodes } = await json(button.dataset.finder);
        const root = button.dataset.finderRoot.replace(/\/*$/, "/");
        const options = nodes.filter((node) => node.type === "file").map(({ name, url }) => ({ text: name, url: url ?? root + name.split("/").map(encodeURIComponent).join("/"), node: () => [name] }));
        (await load("choose")).chooser({ t, input, list, options, most: 50, empty: t("No such file") });
      } catch {
        list.textContent = t("The list of files could not be loaded.");
      }
    } else dialog.showModal();
    dialog.querySelector("input").focus();
  });
  // Old links open the search with the page.
  if (new URLSearchParams(location.search).get("search") === "1") button.click();
}
