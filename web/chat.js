// The page's direction, the jump from a marker to its sentence, and a new question scrolled to the top.
(() => {
  const root = document.documentElement;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // Gradio sets the language it found translations for, but never the direction.
  const setDirection = () => { root.dir = root.lang.startsWith("ar") ? "rtl" : "ltr"; };
  new MutationObserver(setDirection).observe(root, { attributes: true, attributeFilter: ["lang"] });
  setDirection();

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#source-']");
    const sentence = link && document.getElementById(link.hash.slice(1));
    if (!sentence) return;
    event.preventDefault();
    for (let part = sentence; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    sentence.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
    sentence.focus({ preventScroll: true });
  });

  let shown = "turn-1"; // the first question needs no scrolling
  new MutationObserver(() => {
    const turn = document.querySelector("#current .turn");
    if (!turn || turn.id === shown) return;
    shown = turn.id;
    turn.scrollIntoView({ block: "start" });
  }).observe(root, { childList: true, subtree: true });
})();
