// "3 min ago" where the HTML has the absolute time; the exact one stays as the title.

const MINUTE = 60, HOUR = 3600, DAY = 86400, WEEK = 7 * DAY;
const language = document.documentElement.lang || "en";
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "narrow" });

export function spoken(moment, now = new Date()) {
  const age = Math.max(0, (now - moment) / 1000);
  if (age < MINUTE) return relative.format(0, "second");
  if (age < HOUR) return relative.format(-Math.floor(age / MINUTE), "minute");
  if (age < DAY) return relative.format(-Math.floor(age / HOUR), "hour");
  if (age < WEEK) return relative.format(-Math.floor(age / DAY), "day");
  const sameYear = moment.getFullYear() === now.getFullYear();
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) }).format(moment);
}

export function exact(moment) {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }).format(moment);
}

function show(time) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const text = spoken(moment);
  if (time.textContent !== text) time.textContent = text;
  time.title = exact(moment);
}

export function start(root) {
  root.querySelectorAll("time[data-relative]").forEach(show);
}

if (typeof document !== "undefined" && document.querySelectorAll) {
  setInterval(() => start(document), MINUTE * 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) start(document); });
}
