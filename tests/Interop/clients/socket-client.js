// A WebSocket client of a topic, by the ws package: gives credit in portions, settles what it is told to, prints every frame.
const WebSocket = require("ws");

const argument = JSON.parse(process.argv[2]);
const tell = (event, more) => console.log(JSON.stringify({ event, ...more }));
const socket = new WebSocket(argument.url);
const portions = [...argument.credit];
let due = 0;
let delivered = 0;

const grant = () => {
  due += portions[0];
  socket.send(JSON.stringify({ type: "credit", count: portions.shift() }));
};

socket.on("open", () => tell("open", {}));
socket.on("message", (data) => {
  const frame = JSON.parse(data.toString("utf8"));
  tell("frame", { type: frame.type, frame });
  if (frame.type === "open") grant();
  if (frame.type !== "deliver") return;
  delivered++;
  if (argument.settle) socket.send(JSON.stringify({ type: argument.settle, receipts: [frame.message.receipt] }));
  if (delivered < due) return;
  // More than the credit would come now.
  setTimeout(() => {
    tell("portion", { delivered });
    if (portions.length > 0) grant();
  }, 300);
});
socket.on("unexpected-response", (request, response) => tell("refused", { status: response.statusCode }));
socket.on("close", (code) => {
  tell("closed", { code });
  process.exit(0);
});
socket.on("error", (failure) => tell("error", { message: failure.message }));
process.stdin.on("end", () => socket.close());
process.stdin.resume();
