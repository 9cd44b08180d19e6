// npm soap's client: reads one JSON line (what to ask), says {"ready": true}, then asks as often as each line says.
import http from "node:http";
import readline from "node:readline";
import axios from "axios";
import soap from "soap";

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const order = JSON.parse((await lines.next()).value);
const agent = new http.Agent({ keepAlive: true, maxSockets: order.concurrency });
const client = await soap.createClientAsync(order.wsdl, { request: axios.create({ httpAgent: agent, proxy: false }) });
client.setEndpoint(order.url + "/dancu/037");

async function ask(number) {
  const [reply] = await client.TraCuuThongTinCongDanAsync({
    MaYeuCau: `N-${order.run}-${number}`,
    MaDVC: "1.999001",
    MaTichHop: "037",
    MaCanBo: "canbo.a",
    SoDinhDanh: order.number,
    HoVaTen: order.compact_name,
    NgayThangNamSinh: { NgayThangNam: order.birth_date.replaceAll("-", "") },
  });
  return reply.CongDan[0].SoDinhDanh === order.number ? 1 : 0;
}

if ((await ask(-1)) !== 1) throw new Error("the first answer is wrong");
process.stdout.write(JSON.stringify({ ready: true }) + "\n");
for await (const line of lines) {
  const { count } = JSON.parse(line);
  let next = 0;
  let done = 0;
  async function work() {
    while (next < count) {
      const answered = await ask(next++);
      done += answered;
    }
  }
  await Promise.all(Array.from({ length: order.concurrency }, work));
  process.stdout.write(JSON.stringify({ done }) + "\n");
}
