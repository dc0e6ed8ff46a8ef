// "(3) Home": the title of the tab has one number. What the person has not read comes first, then what is new here.

const ORDER = ["unread", "posts"];
const counts = { unread: document.title.match(/^\((\d+\+?)\) /)?.[1] };
const plain = document.title.replace(/^\(\d+\+?\) /, "");

export function count(what, number) {
  counts[what] = Number(number) === 0 ? undefined : number;
  const [first] = ORDER.map((name) => counts[name]).filter(Boolean);
  document.title = first ? `(${first}) ${plain}` : plain;
}
