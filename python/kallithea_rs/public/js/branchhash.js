// Old links name a branch behind `#` on the summary page; they lead to its changelog.
export default function ([page]) {
  const name = decodeURIComponent(location.hash.slice(1));
  if (name && !document.getElementById(name)) location.replace(`${page.dataset.branchHash}?branch=${encodeURIComponent(name)}`);
}
