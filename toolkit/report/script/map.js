"use strict";
// The map of passages: dots on a canvas, names of topics where there is room, and a list of them to choose from.
(function () {
  const toolkit = (window.toolkit = window.toolkit || {});
  const box = document.getElementById("map-box");
  if (!box) return;
  const { make, number, clean } = toolkit;
  const canvas = document.getElementById("map-canvas");
  const said = document.getElementById("map-said");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const EDGE = 14; // pixels around the dots
  const REACH = 14; // pixels from the pointer to a dot that it means
  const MOST_NAMES = 24;

  let data;
  let dots = null; // {row, topic, index, x, y}: columns
  let spots = new Float32Array(0); // x and y of each dot in pixels
  let bits = null; // of each article: not 0 where a filter refuses it
  let pointed = -1; // the topic in the list that is pointed at
  let isSeen = false;
  let waits = false;

  const colour = (topic) => data.tables.topics[topic][dark.matches ? 3 : 2];
  const name = (topic) => clean(data.tables.topics[topic][1]);
  const isOut = (i) => (bits && bits[dots.row[i]] !== 0) || (pointed > 0 && dots.topic[i] !== pointed);

  function place() {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const scale = Math.min(devicePixelRatio || 1, 2);
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.getContext("2d").setTransform(scale, 0, 0, scale, 0, 0);
    const most = [0, 0];
    for (let i = 0; i < dots.x.length; i++) {
      most[0] = Math.max(most[0], dots.x[i]);
      most[1] = Math.max(most[1], dots.y[i]);
    }
    spots = new Float32Array(2 * dots.x.length);
    for (let i = 0; i < dots.x.length; i++) {
      spots[2 * i] = EDGE + (dots.x[i] / (most[0] || 1)) * (width - 2 * EDGE);
      spots[2 * i + 1] = EDGE + (dots.y[i] / (most[1] || 1)) * (height - 2 * EDGE);
    }
  }

  function draw() {
    waits = false;
    if (!dots || !isSeen) return;
    if (canvas.width !== Math.round(canvas.clientWidth * Math.min(devicePixelRatio || 1, 2))) place();
    const pen = canvas.getContext("2d");
    const side = dots.x.length > 8000 ? 2.5 : 3.5;
    pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    for (const out of [true, false]) {
      pen.globalAlpha = out ? 0.1 : 0.8;
      for (let i = 0; i < dots.x.length; i++) {
        if (isOut(i) !== out) continue;
        pen.fillStyle = colour(dots.topic[i]);
        pen.fillRect(spots[2 * i] - side / 2, spots[2 * i + 1] - side / 2, side, side);
      }
    }
    pen.globalAlpha = 1;
    names(pen);
  }

  // The name of a topic stands at the middle of its dots, the largest first, where no other name stands.
  function names(pen) {
    const held = new Map();
    for (let i = 0; i < dots.x.length; i++) {
      if (isOut(i)) continue;
      if (!held.has(dots.topic[i])) held.set(dots.topic[i], []);
      held.get(dots.topic[i]).push(i);
    }
    const style = getComputedStyle(canvas);
    pen.font = "600 12px " + style.fontFamily;
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 4;
    const taken = [];
    const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
    for (const [topic, own] of [...held].sort((a, b) => b[1].length - a[1].length || a[0] - b[0])) {
      if (taken.length >= MOST_NAMES) break;
      const full = name(topic);
      const words = full.length > 32 ? full.slice(0, 31) + "…" : full;
      const width = pen.measureText(words).width + 8;
      const x = Math.max(4, Math.min(canvas.clientWidth - width - 4, middle(own.map((i) => spots[2 * i])) - width / 2));
      const y = middle(own.map((i) => spots[2 * i + 1]));
      if (taken.some(([left, top, wide]) => x < left + wide && left < x + width && Math.abs(y - top) < 18)) continue;
      taken.push([x, y, width]);
      pen.strokeStyle = style.getPropertyValue("--paper");
      pen.strokeText(words, x + 4, y);
      pen.fillStyle = style.color;
      pen.fillText(words, x + 4, y);
    }
  }

  function soon() {
    if (!waits) requestAnimationFrame(draw);
    waits = true;
  }

  function nearest(event) {
    const frame = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
    let best = -1;
    let away = REACH * REACH;
    for (let i = 0; i < dots.x.length; i++) {
      const square = (spots[2 * i] - x) ** 2 + (spots[2 * i + 1] - y) ** 2;
      if (square < away && !isOut(i)) [best, away] = [i, square];
    }
    return best;
  }

  function point(event) {
    const dot = dots ? nearest(event) : -1;
    canvas.style.cursor = dot < 0 ? "" : "pointer";
    said.hidden = dot < 0;
    if (dot < 0) return;
    const facts = toolkit.facts(dots.row[dot]);
    said.textContent = clean([facts.title, facts.outlet, facts.date, name(dots.topic[dot])].filter(Boolean).join(" · "));
  }

  async function read(event) {
    const dot = dots ? nearest(event) : -1;
    if (dot < 0) return;
    const row = dots.row[dot];
    const article = await data.article(row);
    const segment = article && article.segments[dots.index[dot]];
    location.hash = toolkit.address(data.ids[row], segment ? segment.start : undefined);
  }

  function list() {
    const counts = new Map();
    for (const topic of dots.topic) counts.set(topic, (counts.get(topic) || 0) + 1);
    const topics = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    const look = (topic) => () => {
      pointed = topic;
      soon();
    };
    const button = ([topic, n]) => {
      const swatch = make("span", { class: "dot", "aria-hidden": "true" });
      swatch.style.backgroundColor = colour(topic);
      const id = String(data.tables.topics[topic][0]);
      return make("li", {}, make("button", { type: "button", "aria-pressed": String(toolkit.state.chosen.topic.includes(id)), data: { topic: id },
        on: { click: () => toolkit.choose("topic", id), focus: look(topic), blur: look(-1), mouseenter: look(topic), mouseleave: look(-1) } },
        swatch, make("span", { text: name(topic) }), make("span", { class: "n", text: number(n) })));
    };
    document.getElementById("map-topics").replaceChildren(...topics.map(button));
  }

  function press() {
    for (const button of document.querySelectorAll("#map-topics button")) {
      button.setAttribute("aria-pressed", String(toolkit.state.chosen.topic.includes(button.dataset.topic)));
    }
  }

  async function begin() {
    data = await toolkit.loaded;
    if (!data || !data.tables.map.length) return;
    box.hidden = false;
    new IntersectionObserver(async ([entry]) => {
      isSeen = entry.isIntersecting;
      if (!isSeen) return;
      if (!dots) {
        dots = await data.dots();
        list();
      }
      soon();
    }).observe(box);
    new ResizeObserver(soon).observe(canvas);
    dark.addEventListener("change", () => {
      if (dots) list();
      soon();
    });
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("pointerdown", point);
    canvas.addEventListener("pointerleave", () => (said.hidden = true));
    canvas.addEventListener("click", read);
  }
  toolkit.map = {
    show: (refused) => {
      bits = refused;
      press();
      soon();
    },
  };
  begin();
})();
