// A message centre on the library node-smpp: JSON lines in (what to send), JSON lines out (what came).
const readline = require("node:readline");
const smpp = require("smpp");

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const hex = (value) => Buffer.isBuffer(value) ? value.toString("hex") : value;
let bound = null;
let next = 1;

function took(session, pdu) {
  const id = `peer-${next++}`;
  session.send(pdu.response({ message_id: id }));
  const said = pdu.short_message.message || pdu.message_payload?.message || "";
  say({
    event: "submit", id, to: pdu.destination_addr, from: pdu.source_addr, text: said, coding: pdu.data_coding,
    header: hex(pdu.short_message.udh?.[0]), operation: pdu.ussd_service_op, session: hex(pdu.its_session_info),
    sender_ton: pdu.source_addr_ton,
  });
  if (pdu.registered_delivery & 1) {
    const words = `id:${id} sub:001 dlvrd:001 submit date:2608051042 done date:2608051043 stat:DELIVRD err:000 text:`;
    session.deliver_sm({
      source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4, short_message: words,
      receipted_message_id: id, message_state: 2,
    });
  }
}

const server = smpp.createServer((session) => {
  session.on("error", (error) => say({ event: "error", why: String(error) }));
  session.on("bind_transceiver", (pdu) => {
    const known = pdu.system_id === "nyota" && pdu.password === "secret";
    session.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RBINDFAIL, system_id: "peer" }));
    bound = known ? session : null;
    say({ event: known ? "bound" : "refused" });
  });
  session.on("submit_sm", (pdu) => took(session, pdu));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => { session.send(pdu.response()); session.close(); });
});

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { session, ...fields } = JSON.parse(line);
  if (session !== undefined) fields.its_session_info = Buffer.from(session, "hex");
  bound.deliver_sm(fields, (answer) => say({ event: "acknowledged", status: answer.command_status }));
}).on("close", () => process.exit(0));

server.listen(0, "127.0.0.1", () => say({ event: "listening", port: server.address().port }));
