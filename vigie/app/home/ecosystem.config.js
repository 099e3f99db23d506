// PM2: one account, as a process that runs for months, or as a job that is called again and again.
//
//   pm2 start ecosystem.config.js --only vigie-paper
//   VIGIE_ACCOUNT=live-main VIGIE_LIVE_ACCOUNT=live-main pm2 start ecosystem.config.js --only vigie-live-main
//   pm2 start ecosystem.config.js --only vigie-paper-once
//
// Start the PM2 daemon with TZ=UTC: cron_restart counts in its local time. docs/operating.md says more.
//
//   VIGIE_ACCOUNT    account of vigie.toml (default: paper); live-... trades real money
//   VIGIE_HOME       where vigie.toml, state/ and logs/ lie (default: the folder of this file)
//   VIGIE_ARGUMENTS  more words for the command line
//   VIGIE_CRON       when the job of the run-once app comes (default: a minute after each hour)
"use strict";

const fs = require("fs");
const path = require("path");

const windows = process.platform === "win32";
const account = process.env.VIGIE_ACCOUNT || "paper";
const home = path.resolve(process.env.VIGIE_HOME || __dirname);
const more = (process.env.VIGIE_ARGUMENTS || "").split(/\s+/).filter(Boolean);
const words = [account.startsWith("live-") ? "live" : "paper", "--account", account, ...more];

/** The vigie of the .venv beside this file, or the first one on PATH. */
function program() {
  const name = windows ? "vigie.exe" : "vigie";
  const folders = [path.join(__dirname, ".venv", windows ? "Scripts" : "bin")];
  folders.push(...(process.env.PATH || process.env.Path || "").split(path.delimiter).filter(Boolean));
  const found = folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));
  if (!found) {
    throw new Error(`no ${name} in ${folders[0]}, and none on PATH: run uv sync, or install vigie`);
  }
  return found;
}

const common = {
  script: program(),
  interpreter: "none", // the program knows its own Python
  cwd: home,
  exec_mode: "fork",
  instances: 1,
  vizion: false, // else git is looked at on each start
  windowsHide: true,
  merge_logs: true,
  kill_timeout: 30000, // ms from SIGINT to SIGKILL; vigie ends after 25 s at the latest
  env: { VIGIE_HOME: home, TZ: "UTC", PYTHONUNBUFFERED: "1" },
};

module.exports = {
  apps: [
    {
      ...common,
      name: `vigie-${account}`,
      args: words,
      autorestart: true,
      // 78: stopped on purpose, or settings that cannot be. Never add 0: PM2 logs a death by signal as 0.
      stop_exit_codes: [78],
      max_restarts: 10,
      min_uptime: "60s",
      // No cron_restart: it would kill what runs. No restart_delay: PM2 then says "waiting" when it has given up.
    },
    {
      ...common,
      name: `vigie-${account}-once`,
      args: [...words, "--once"],
      autorestart: false,
      cron_restart: process.env.VIGIE_CRON || "1 * * * *",
    },
  ],
};
