const VISIBLE_CANDLES = 480;
const MULTIPLES = [1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 96, 168, 336, 720, 2160];

// --- candles ---------------------------------------------------------------------------------------------------------

function unpack(text, Type) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Type(bytes.buffer);
}

const pairs = data.pairs.map((pair) => {
  const rows = unpack(pair.rows, Int32Array);
  const columns = {};
  for (const name of ["open", "high", "low", "close", "stop"]) columns[name] = unpack(pair[name], Float32Array);
  return { ...pair, ...columns, at: Float64Array.from(rows, (row) => pair.start + row * pair.step) };
});

function rowAtOrAfter(values, wanted) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Candles between two instants, added up until about VISIBLE_CANDLES are left; buckets are aligned to UTC midnight. */
function candlesBetween(pair, from, to) {
  const wanted = (to - from) / pair.step / VISIBLE_CANDLES;
  const multiple = MULTIPLES.find((one) => one >= wanted) ?? MULTIPLES[MULTIPLES.length - 1];
  const width = multiple * pair.step;
  const found = { x: [], open: [], high: [], low: [], close: [], stop: [], width };
  const last = Math.min(pair.at.length, rowAtOrAfter(pair.at, to) + multiple);
  let bucket = NaN;
  for (let row = Math.max(0, rowAtOrAfter(pair.at, from) - multiple); row < last; row += 1) {
    const start = Math.floor(pair.at[row] / width) * width;
    const end = found.x.length - 1;
    if (start !== bucket) {
      bucket = start;
      found.x.push(start);
      for (const name of ["open", "high", "low", "close", "stop"]) found[name].push(pair[name][row]);
    } else {
      found.high[end] = Math.max(found.high[end], pair.high[row]);
      found.low[end] = Math.min(found.low[end], pair.low[row]);
      found.close[end] = pair.close[row];
      if (!Number.isNaN(pair.stop[row])) found.stop[end] = pair.stop[row];
    }
  }
  return found;
}

const view = { pair: 0, from: 0, to: 0, log: false };
const chart = document.getElementById("candles");

function markers(pair, side) {
  const trades = pair.trades;
  const times = side === "entry" ? trades.entryAt : trades.exitAt;
  const prices = side === "entry" ? trades.entryPrice : trades.exitPrice;
  const kept = [...times.keys()].filter((row) => times[row] >= view.from && times[row] <= view.to);
  const hover = (row) => {
    const result = `${(100 * trades.fraction[row]).toFixed(2)} %`;
    return side === "entry"
      ? `bought at ${significant(prices[row])}`
      : `sold at ${significant(prices[row])} (${trades.reason[row]}, ${result})`;
  };
  const found = {
    x: kept.map((row) => times[row]),
    y: kept.map((row) => prices[row]),
    text: kept.map(hover),
    won: kept.map((row) => trades.profit[row] > 0),
  };
  if (side === "entry") {
    for (const one of pair.held.filter((held) => held.at >= view.from && held.at <= view.to)) {
      found.x.push(one.at);
      found.y.push(one.price);
      found.text.push(`bought at ${significant(one.price)}, still open`);
    }
  }
  return found;
}

function markerTrace(name, points, symbol, fill) {
  const crowded = points.x.length > 120;
  return {
    type: "scatter", mode: "markers", name, x: points.x, y: points.y, text: points.text, hovertemplate: "%{text}<extra></extra>",
    marker: { symbol, size: crowded ? 7 : 11, color: fill, line: { width: 1.2, color: colour("card") } },
  };
}

function drawCandles() {
  const pair = pairs[view.pair];
  if (!pair || !pair.at.length) return;
  const shown = candlesBetween(pair, view.from, view.to);
  const entries = markers(pair, "entry");
  const exits = markers(pair, "exit");
  const lows = [...shown.low, ...shown.stop.filter((value) => !Number.isNaN(value)), ...entries.y];
  const bottom = lows.reduce((a, b) => Math.min(a, b), Infinity);
  const top = shown.high.reduce((a, b) => Math.max(a, b), 0);
  const room = view.log ? (top / bottom) ** 0.04 : (top - bottom) * 0.04;
  const range = view.log ? [Math.log10(bottom / room), Math.log10(top * room)] : [bottom - room, top + room];
  const side = (one) => ({ line: { color: colour(one), width: 1 }, fillcolor: colour(one) });
  const traces = [
    {
      type: "candlestick", name: pair.name, showlegend: false, ...shown, stop: undefined, width: undefined,
      increasing: side("gain"), decreasing: side("loss"), opacity: 0.75,
      hovertemplate: "open %{open:.6~g} high %{high:.6~g} low %{low:.6~g} close %{close:.6~g}<extra></extra>",
    },
    {
      type: "scatter", mode: "lines", name: "stop", x: shown.x, y: shown.stop.map((value) => (Number.isNaN(value) ? null : value)),
      line: { color: colour("stop"), width: 1.6, shape: "hv" }, connectgaps: false, hovertemplate: "stop %{y:.6~g}<extra></extra>",
    },
    markerTrace("entry", entries, "triangle-up", colour("main")),
    markerTrace("exit", exits, "triangle-down", exits.won.map((won) => colour(won ? "gain" : "loss"))),
  ];
  const axes = {
    height: 520,
    xaxis: { type: "date", range: [view.from, view.to], rangeslider: { visible: false } },
    yaxis: {
      type: view.log ? "log" : "linear", range, side: "right",
      ...(view.log ? logTicks(bottom / room, top * room) : { tickformat: ",.6~r" }),
    },
    margin: { l: 8, r: 64, t: 8, b: 32 },
    dragmode: "pan",
  };
  Plotly.react(chart, traces, layout(axes), { ...options, scrollZoom: true });
  const units = [[86400000, "day"], [3600000, "hour"], [60000, "minute"]];
  const [size, unit] = units.find(([one]) => shown.width % one === 0) ?? units[2];
  document.getElementById("resolution").textContent =
    `one candle = ${shown.width / size} ${unit}${shown.width === size ? "" : "s"}; drag to move, scroll to zoom, click a trade below to see it`;
}

function show(pairIndex, from, to) {
  const pair = pairs[pairIndex];
  view.pair = pairIndex;
  view.from = from;
  view.to = to;
  for (const button of document.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.show) === pairIndex));
  }
  if (pair) drawCandles();
}

/** The last trades, or everything when there are few. */
function firstView(pairIndex) {
  const pair = pairs[pairIndex];
  if (!pair || !pair.at.length) return;
  const { entryAt, exitAt } = pair.trades;
  const many = entryAt.length > 30;
  const start = many ? entryAt[entryAt.length - 15] : pair.at[0];
  const lastCandle = pair.at[pair.at.length - 1] + pair.step;
  const traded = many && !pair.held.length ? exitAt[exitAt.length - 1] : lastCandle;
  const end = Math.min(lastCandle, traded + (traded - start) * 0.25);
  show(pairIndex, start - (end - start) * 0.03, end + (end - start) * 0.02);
}

function lastSpan(days) {
  const pair = pairs[view.pair];
  if (!pair || !pair.at.length) return;
  const end = pair.at[pair.at.length - 1] + pair.step;
  const start = days ? Math.max(pair.at[0], end - days * 86400000) : pair.at[0];
  show(view.pair, start, end + (end - start) * 0.01);
}

let waiting = 0;
function followZoom(change) {
  const from = change["xaxis.range[0]"] ?? change["xaxis.range"]?.[0];
  const to = change["xaxis.range[1]"] ?? change["xaxis.range"]?.[1];
  if (from === undefined) return;
  const instant = (value) => (typeof value === "number" ? value : Date.parse(`${value.replace(" ", "T")}Z`));
  clearTimeout(waiting);
  waiting = setTimeout(() => show(view.pair, instant(from), instant(to)), 60);
}

// --- curves ----------------------------------------------------------------------------------------------------------

const curveView = { log: document.getElementById("equity-log").getAttribute("aria-pressed") === "true" };

function drawCurves() {
  const { at, equity, hold, fallen, holdFallen } = data.curves;
  const [lowest, highest] = [Math.min, Math.max].map((pick) => [...equity, ...hold].reduce((a, b) => pick(a, b)));
  const line = (name, y, ink, extra) => ({ type: "scatter", mode: "lines", name, x: at, y, line: { color: colour(ink), width: 1.7 }, ...extra });
  const traces = [
    line("buy & hold", hold, "hold", { hovertemplate: "hold %{y:,.2f}<extra></extra>" }),
    line(data.strategy, equity, "main", { hovertemplate: "strategy %{y:,.2f}<extra></extra>" }),
    line("hold", holdFallen, "hold", { yaxis: "y2", showlegend: false, hovertemplate: "hold %{y:.1%}<extra></extra>" }),
    line("strategy", fallen, "main", { yaxis: "y2", showlegend: false, fill: "tozeroy", hovertemplate: "strategy %{y:.1%}<extra></extra>" }),
  ];
  const axes = {
    height: 520,
    xaxis: { type: "date", anchor: "y2" },
    yaxis: {
      domain: [0.36, 1], type: curveView.log ? "log" : "linear",
      ...(curveView.log ? logTicks(lowest * 0.9, highest * 1.1) : { tickformat: ",~r" }),
    },
    yaxis2: { domain: [0, 0.29], tickformat: ".0%", title: { text: "below peak", standoff: 6 } },
  };
  Plotly.react("curves", traces, layout(axes), options);
}

function drawDistribution() {
  const { left, width, count } = data.distribution;
  const centre = left.map((value) => value + width[0] / 2);
  const trace = {
    type: "bar", x: centre, y: count, width: width[0] * 0.92, showlegend: false,
    marker: { color: centre.map((value) => colour(value > 0 ? "gain" : "loss")), opacity: 0.85 },
    hovertemplate: "about %{x:.2%}: %{y} trades<extra></extra>",
  };
  const axes = {
    height: 300, hovermode: "closest", bargap: 0,
    xaxis: { tickformat: ".1~%", title: { text: "profit / spent" } }, yaxis: { title: { text: "trades" } },
  };
  Plotly.react("distribution", [trace], layout(axes), options);
}

// --- page ------------------------------------------------------------------------------------------------------------

function drawAll() {
  drawCandles();
  if (data.curves.at.length) drawCurves();
  if (data.distribution.left.length) drawDistribution();
}

for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => firstView(Number(button.dataset.show)));
for (const button of document.querySelectorAll("[data-days]")) button.addEventListener("click", () => lastSpan(Number(button.dataset.days)));
for (const row of document.querySelectorAll("tr[data-pair]")) {
  row.addEventListener("click", () => {
    const from = Number(row.dataset.from);
    const to = Number(row.dataset.to);
    const room = Math.max((to - from) * 0.5, 40 * pairs[Number(row.dataset.pair)].step);
    show(Number(row.dataset.pair), from - room, to + room);
    chart.scrollIntoView({ behavior: "smooth", block: "center" });
  });
}
toggle("price-log", (on) => { view.log = on; drawCandles(); });
toggle("equity-log", (on) => { curveView.log = on; drawCurves(); });

firstView(0);
drawAll();
if (chart.on) chart.on("plotly_relayout", followZoom);
