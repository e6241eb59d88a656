// Files of a diff can be folded and ticked off as viewed; what is left out can be had without leaving the page.
const most = 2000;

export default function (files, { element, icon, remember, say, t }) {
  const viewed = new Set(JSON.parse(remember.get("viewed") ?? "[]"));
  const fold = (file, off) => {
    file.classList.toggle("folded", off);
    file.querySelector(".fold").setAttribute("aria-expanded", String(!off));
  };
  for (const file of files) {
    const header = file.querySelector("header");
    const label = t("Fold this file");
    header.prepend(element("button", { type: "button", class: "quiet icon-button fold", "aria-expanded": "true", title: label, onclick: () => fold(file, !file.classList.contains("folded")) }, icon("chevron"), element("span", { class: "vh" }, label)));
    const viewedLabel = header.querySelector(".viewed");
    const box = viewedLabel.querySelector("input");
    viewedLabel.hidden = false;
    box.checked = viewed.has(file.id);
    box.addEventListener("change", () => {
      if (box.checked) viewed.add(file.id);
      else viewed.delete(file.id);
      remember.set("viewed", JSON.stringify([...viewed].slice(-most)));
      fold(file, box.checked);
      if (box.checked && file.getBoundingClientRect().top < 0) file.scrollIntoView({ block: "start" });
    });
    if (box.checked || "folded" in file.dataset) fold(file, true);
  }
  if (files.length > 1) {
    const button = document.querySelector("[data-fold-all]");
    if (button) button.hidden = false;
    button?.addEventListener("click", () => {
      const off = !files.every((file) => file.classList.contains("folded"));
      files.forEach((file) => fold(file, off));
      button.textContent = off ? t("Expand Diff") : t("Collapse Diff");
    });
  }
  // A link to a line opens its file.
  const open = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const file = place?.closest(".diff-file");
    if (file?.classList.contains("folded")) { fold(file, false); place.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();

  const rows = async (link) => {
    link.setAttribute("aria-busy", "true");
    const answer = await fetch(link.href, { headers: { "X-PARTIAL-XHR": "1" } });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const table = document.createElement("template");
    table.innerHTML = `<table><tbody>${await answer.text()}</tbody></table>`;
    return [...table.content.querySelectorAll("tr")];
  };
  // The lines between two places take the place of the row that stands for them.
  const expand = async (link) => {
    const row = link.closest("tr");
    const fresh = await rows(link);
    const rest = fresh.find((line) => line.querySelector(".expand"));
    const [from, to] = [row.querySelector("td"), rest?.querySelector("td")];
    if (to) {
      to.id = from.id;
      rest.querySelector("pre").textContent = row.querySelector("pre").textContent;
    }
    row.replaceWith(...fresh);
    fresh.find((line) => line !== rest)?.querySelector("a")?.focus({ preventScroll: true });
  };
  const load = async (link) => {
    const body = link.closest(".diff-body");
    const scroll = body.querySelector(".scroll");
    scroll.querySelector("tbody").replaceChildren(...await rows(link));
    scroll.hidden = false;
    link.closest("p").remove();
    scroll.focus({ preventScroll: true });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".diff a.expand, .diff a[data-load-diff]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    (link.matches(".expand") ? expand(link) : load(link)).catch(() => { say(t("It could not be loaded")); location.assign(link.href); });
  });
}
