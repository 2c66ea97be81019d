// What is asked again by itself is not, while nobody sees it; and a refusal is said, not swapped in.
"use strict";

document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden) event.preventDefault();
});
document.addEventListener("htmx:before:swap", (event) => {
  const answer = event.detail.ctx.response.raw;
  if (!answer.ok || !answer.headers.has("Bookly-Page")) event.preventDefault();
});
