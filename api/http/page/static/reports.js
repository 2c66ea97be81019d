// A chart is drawn from the table beside it: what is seen and what is read aloud cannot differ.
"use strict";

const figures = document.getElementById("figures");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function series(table) {
  const rows = [...table.tBodies[0].rows];
  const headings = [...table.tHead.rows[0].cells].slice(1);
  const value = (cell) => Number(cell.dataset.value ?? cell.textContent);
  return {
    labels: rows.map((row) => row.cells[0].dataset.label),
    datasets: headings
      .map((heading, at) => ({ heading, data: rows.map((row) => value(row.cells[at + 1])) }))
      .filter(({ heading }) => !("skip" in heading.dataset))
      .map(({ heading, data }) => ({ label: heading.textContent, data })),
  };
}

function options(kind, many) {
  const ink = { color: colour("--soft") };
  const scale = (more) => ({ ticks: { ...ink, precision: 0, ...more.ticks }, grid: { color: colour("--line") }, beginAtZero: true, ...more.scale });
  const figure = scale(kind === "share" ? { ticks: { callback: (part) => `${part} %` }, scale: {} } : { scale: { stacked: kind === "stack" } });
  const named = scale({ ticks: { autoSkip: kind === "line", autoSkipPadding: 14, maxRotation: 0 }, scale: { stacked: kind === "stack", grid: { display: false } } });
  return {
    animation: false,
    maintainAspectRatio: false,
    indexAxis: kind === "line" ? "x" : "y",
    interaction: { mode: "index", intersect: false, axis: kind === "line" ? "x" : "y" },
    scales: kind === "line" ? { x: named, y: figure } : { x: figure, y: named },
    plugins: { legend: { display: many > 1, labels: { ...ink, boxWidth: 9, boxHeight: 9, usePointStyle: kind === "line" } } },
  };
}

function draw(canvas) {
  const kind = canvas.dataset.chart;
  const data = series(document.getElementById(canvas.dataset.of));
  const colours = kind === "stack" ? ["--three", "--one"] : ["--one", "--two", "--three"];
  const points = ["circle", "rect", "triangle"];
  data.datasets.forEach((set, at) => {
    const own = colour(colours[at]);
    Object.assign(set, { borderColor: own, backgroundColor: own, borderWidth: kind === "line" ? 2 : 0, pointRadius: data.labels.length > 40 ? 0 : 3, pointStyle: points[at], maxBarThickness: 22 });
    if (kind === "line" && at > 0) set.borderDash = at === 1 ? [6, 3] : [2, 2];
  });
  Chart.getChart(canvas)?.destroy();
  new Chart(canvas, { type: kind === "line" ? "line" : "bar", data, options: options(kind, data.datasets.length) });
}

const drawAll = () => figures.querySelectorAll("canvas[data-chart]").forEach(draw);

const here = () => location.pathname + location.search;

function follow() {
  const follows = document.getElementById("follow");
  const news = document.getElementById("news");
  let stream = null;
  let followed = "";
  let asking = false;
  let changed = false;
  const again = async () => {
    changed = asking;
    if (asking || !stream) return;
    asking = true;
    const begun = performance.now();
    try {
      await htmx.ajax("GET", here(), { target: "#figures", swap: "innerMorph", of: here() });
    } finally { // at most a fifth of the time: a long period is dear to its owners
      setTimeout(() => { asking = false; if (changed) again(); }, 4 * (performance.now() - begun));
    }
  };
  const listen = () => {
    stream?.close();
    stream = null;
    followed = location.search;
    document.body.dataset.live = "no";
    news.textContent = follows.checked ? "" : "paused";
    // a browser has six connections for all of its tabs, so those that nobody sees hold none
    if (!follows.checked || document.hidden || document.querySelector("[data-no-view]")) return;
    stream = new EventSource(`/reports/live${location.search}`);
    stream.addEventListener("ready", async ({ target }) => {
      await again(); // what changed before it listened, it was not told
      if (target === stream) document.body.dataset.live = "yes";
    });
    stream.addEventListener("changed", again);
    stream.onerror = ({ target }) => {
      document.body.dataset.live = "no";
      if (target.readyState !== EventSource.CLOSED) return; // it comes again by itself
      news.textContent = "not connected: the figures stay as they are";
      setTimeout(() => target === stream && listen(), 5000);
    };
  };
  const refused = async (answer) => {
    const why = await answer.json().then((problem) => problem.detail, () => "");
    news.textContent = why || `no answer (${answer.status})`;
    setTimeout(again, 1000 * (Number(answer.headers.get("Retry-After")) || 5));
  };
  document.addEventListener("htmx:before:response", (event) => {
    const answer = event.detail.ctx.response.raw;
    if (answer.headers.has("Bookly-Page") || answer.headers.has("HX-Redirect")) return;
    event.preventDefault(); // it is not the page that answers, so it is said beside the figures
    refused(answer);
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { of } = event.detail.ctx;
    if (of !== undefined && of !== here()) event.preventDefault(); // another view was chosen meanwhile
  });
  document.addEventListener("htmx:after:swap", () => {
    drawAll();
    if (location.search !== followed) listen();
    else if (stream) news.textContent = "";
  });
  follows.addEventListener("change", listen);
  document.addEventListener("visibilitychange", listen);
  listen();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
matchMedia("print").addEventListener("change", drawAll);
drawAll();
follow();
