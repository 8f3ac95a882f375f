// The official OpenTelemetry sampler that asks Jaeger's way. Asks ENDPOINT for the sampling of SERVICE, and prints a line
// whenever what it is told changes: of the operations named by its arguments, which share it samples. Ends with its input.
'use strict';

const { JaegerRemoteSampler } = require('@opentelemetry/sampler-jaeger-remote');
const { AlwaysOffSampler, RandomIdGenerator, SamplingDecision } = require('@opentelemetry/sdk-trace-node');
const { ROOT_CONTEXT, SpanKind } = require('@opentelemetry/api');

const operations = process.argv.slice(2);
const ids = new RandomIdGenerator();
const POLL = 50;
const TRACES = 20000;

const sampler = new JaegerRemoteSampler({
  endpoint: process.env.ENDPOINT,
  serviceName: process.env.SERVICE,
  initialSampler: new AlwaysOffSampler(),
  poolingInterval: POLL,
});

function share(operation) {
  let sampled = 0;
  for (let trace = 0; trace < TRACES; trace++) {
    const told = sampler.shouldSample(ROOT_CONTEXT, ids.generateTraceId(), operation, SpanKind.SERVER, {}, []);
    sampled += told.decision === SamplingDecision.RECORD_AND_SAMPLED ? 1 : 0;
  }
  return sampled / TRACES;
}

let before = sampler.toString();
setInterval(() => {
  const now = sampler.toString();
  if (now !== before) {
    before = now;
    console.log(JSON.stringify(operations.map(share)));
  }
}, POLL);
process.stdin.on('end', () => process.exit(0)).resume();
