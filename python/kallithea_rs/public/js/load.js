// Parts of a page that are made after it: what the server has not counted yet is asked for until it has.
export default function (places, { json }) {
  const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
  const load = async (place) => {
    for (let times = 0; times < 20; times += 1) {
      const answer = await fetch(place.dataset.load, { headers: { "X-PARTIAL-XHR": "1" } });
      if (answer.status === 200) {
        if ("loadPage" in place.dataset) return location.reload();
        place.innerHTML = await answer.text();
        return undefined;
      }
      if (answer.status !== 202) return undefined;
      await wait(1 + times / 4);
    }
    return undefined;
  };
  for (const place of places) {
    if (place.dataset.load) load(place).catch(() => {});
    if (place.dataset.size) json(place.dataset.size).then((size) => { place.textContent = size; }).catch(() => { place.textContent = "?"; });
    if (place.dataset.details) {
      place.addEventListener("toggle", async () => {
        const body = place.querySelector(".menu-body");
        if (!place.open || body.querySelector(".cs-counts")) return;
        try {
          const answer = await fetch(place.dataset.details, { headers: { "X-PARTIAL-XHR": "1" } });
          if (!answer.ok) return;
          const counts = document.createElement("p");
          counts.className = "cs-counts";
          counts.innerHTML = await answer.text();
          body.append(counts);
        } catch { /* the message is there without it */ }
      });
    }
  }
}
