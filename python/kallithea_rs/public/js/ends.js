// The page that compares: what is typed for either end is completed by the names of the repository it is for.
const kinds = { tag: "tag", book: "book" };
const most = 50;

export default function ([form], { element, json }) {
  const root = form.dataset.ends;
  const kept = new Map();
  const names = (repository) => {
    if (!kept.has(repository)) {
      const at = repository.split("/").map(encodeURIComponent).join("/");
      const flat = ({ results }) => results.flatMap((group) => group.children.map((ref) => ({ value: `${kinds[ref.type] ?? "branch"}@${ref.text}`, text: ref.text.toLowerCase(), title: group.text })));
      // A name that is still being typed, or is not ours to read, has none to offer.
      kept.set(repository, json(`${root}/${at}/refs-data`).then(flat, () => null));
    }
    return kept.get(repository);
  };
  const offer = async (input, repository) => {
    const known = repository && await names(repository);
    if (!known) return;
    const typed = input.value.trim().toLowerCase().replace(/^(branch|tag|book)@/, "");
    const found = known.filter((ref) => ref.text.includes(typed));
    input.list.replaceChildren(...found.slice(0, most).map(({ value, title }) => element("option", { value, label: title })));
  };
  const { org_ref: org, other_ref: other, other_repo: repository } = form.elements;
  for (const event of ["focus", "input"]) {
    org.addEventListener(event, () => offer(org, form.dataset.repository));
    other.addEventListener(event, () => offer(other, repository.value.trim()));
  }
  // What was found in one repository means nothing in the next.
  repository.addEventListener("change", () => offer(other, repository.value.trim()));
}
