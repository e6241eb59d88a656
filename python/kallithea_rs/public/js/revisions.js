// The revisions that a file can be compared with: the field for any becomes a list of those that changed the file.
export default function (forms, { element, json }) {
  for (const form of forms) {
    const menu = form.closest("details");
    const field = form.querySelector("input[name=diff1]");
    let asked = false;
    menu.addEventListener("toggle", async () => {
      if (asked || !menu.open) return;
      asked = true;
      try {
        const { results } = await json(form.dataset.fileHistory);
        const groups = results.filter(({ children }) => children.length).map(({ text, children }) => element("optgroup", { label: text }, ...children.map(({ id, text: name }) => element("option", { value: id }, name))));
        if (!groups.length) return;
        const list = element("select", { id: field.id, name: field.name }, ...groups);
        field.replaceWith(list);
        list.focus();
      } catch {
        // The field takes any revision.
      }
    });
  }
}
