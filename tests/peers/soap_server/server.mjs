// Serves the gateway's WSDL on loopback with npm soap. The first line of standard input says what is served; the
// server ends when standard input does, so it never outlives its starter.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import soap from 'soap';

const HOST = '127.0.0.1';
const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit(0));
const settings = JSON.parse(await new Promise((resolve) => { lines.once('line', resolve); }));
const seen = [];

function refuse(code) {
  throw {
    Fault: {
      faultcode: 'soapenv:Client',
      faultstring: `refused ${code}`,
      detail: { LoiDichVu: { MaLoi: code, MoTa: 'refused' } },
      statusCode: 500,
    },
  };
}

function personOf(question) {
  const person = settings.people[question.SoDinhDanh ?? question.SoCMND];
  return person !== undefined && person.asked_as === question.HoVaTen ? person.record : undefined;
}

function answering(operation, reply) {
  return (question) => {
    seen.push({ operation, question });
    const fault = settings.faults[question.MaCanBo];
    if (fault !== undefined) refuse(fault);
    return reply(personOf(question));
  };
}

const look = (person) => (person === undefined ? {} : { CongDan: [person] });
const operations = {};
for (const operation of settings.operations) {
  const isTruth = operation === 'XacThucThongTinCongDan';
  operations[operation] = answering(operation, isTruth ? (person) => ({ TonTai: person !== undefined }) : look);
}

const server = createServer((request, response) => {
  const isAsked = request.url === '/seen';
  response.writeHead(isAsked ? 200 : 404, { 'Content-Type': 'application/json' });
  response.end(isAsked ? JSON.stringify(seen) : '{}');
});
await new Promise((resolve, reject) => {
  server.once('error', reject);
  server.listen(0, HOST, resolve);
});
const services = { DanCuQuocGia: { DanCuQuocGiaPort: operations } };
const xml = await readFile(settings.wsdl, 'utf8');
await new Promise((resolve, reject) => {
  soap.listen(server, {
    path: '/dancuquocgia',
    services,
    xml,
    uri: settings.wsdl,
    callback: (error) => (error ? reject(error) : resolve()),
  });
});
process.stdout.write(`${JSON.stringify({ url: `http://${HOST}:${server.address().port}` })}\n`);
