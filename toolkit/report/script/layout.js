"use strict";
// Lays out, once the explorer stands, what the style sheet left for later.
(function () {
  const toolkit = (window.toolkit = window.toolkit || {});

  // A section at a time, so that a key comes first. Where the page was opened at a place, it is still there afterwards.
  async function layOut() {
    const main = document.querySelector("main");
    const place = /^#explore\?(?!.*\bdoc=)/.test(location.hash) ? document.getElementById("explore") : document.querySelector(":target");
    let moved = false;
    for (const act of ["wheel", "touchstart", "pointerdown", "keydown"]) addEventListener(act, () => (moved = true), { once: true, passive: true });
    for (const section of main.children) {
      await toolkit.pause();
      section.style.contentVisibility = "visible";
      section.getBoundingClientRect();
    }
    main.classList.remove("later");
    for (const section of main.children) {
      section.style.contentVisibility = "";
      if (!section.getAttribute("style")) section.removeAttribute("style");
    }
    if (place && !moved) place.scrollIntoView();
    performance.mark("page-laid-out");
  }
  Promise.resolve(toolkit.standing).then(layOut);
})();
