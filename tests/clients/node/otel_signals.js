// Reports a log record and some measurements with the official OpenTelemetry SDK for Node.
//
// Sends by OTLP over gRPC to OTLP_GRPC, and over HTTP as protobuf and as JSON to OTLP_HTTP, each as a service named after
// its transport, and prints the trace in whose span everything happened. Ends with 1 if anything was not acknowledged.
'use strict';

const { ROOT_CONTEXT, TraceFlags, trace } = require('@opentelemetry/api');
const { SeverityNumber } = require('@opentelemetry/api-logs');
const { LoggerProvider, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');
const { AggregationType, MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { resourceFromAttributes } = require('@opentelemetry/resources');

const grpc = { url: `http://${process.env.OTLP_GRPC}` };
const http = (signal) => ({ url: `http://${process.env.OTLP_HTTP}/v1/${signal}` });
const exporters = {
  'node-grpc': [require('@opentelemetry/exporter-logs-otlp-grpc'), require('@opentelemetry/exporter-metrics-otlp-grpc'), () => grpc],
  'node-http': [require('@opentelemetry/exporter-logs-otlp-proto'), require('@opentelemetry/exporter-metrics-otlp-proto'), http],
  'node-json': [require('@opentelemetry/exporter-logs-otlp-http'), require('@opentelemetry/exporter-metrics-otlp-http'), http],
};

// The exporter, with what it could not bring made an error: the SDK only logs it.
function watched(exporter) {
  const send = exporter.export.bind(exporter);
  exporter.export = (items, done) =>
    send(items, (result) => {
      if (result.code !== 0) {
        console.error(result.error);
        process.exitCode = 1;
      }
      done(result);
    });
  return exporter;
}

async function report(service, number) {
  const [logs, metrics, options] = exporters[service];
  const resource = resourceFromAttributes({ 'service.name': service, 'service.instance.id': 'one' });
  const loggers = new LoggerProvider({
    resource,
    processors: [new SimpleLogRecordProcessor(watched(new logs.OTLPLogExporter(options('logs'))))],
  });
  const reader = new PeriodicExportingMetricReader({
    exporter: watched(new metrics.OTLPMetricExporter(options('metrics'))),
    exportIntervalMillis: 3_600_000,
  });
  const exponential = { instrumentName: 'size', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } };
  const meters = new MeterProvider({ resource, readers: [reader], views: [exponential] });
  const span = { traceId: `${number}`.repeat(32), spanId: `${number}`.repeat(16), traceFlags: TraceFlags.SAMPLED };

  loggers.getLogger('beamline-test-clients', '1.0').emit({
    severityNumber: SeverityNumber.ERROR,
    severityText: 'ERROR',
    body: 'order 17 was lost',
    attributes: { order: 17, items: ['a', 'b'] },
    context: trace.setSpanContext(ROOT_CONTEXT, span),
  });
  const meter = meters.getMeter('beamline-test-clients', '1.0');
  meter.createCounter('orders', { unit: '{order}', description: 'Orders taken' }).add(3, { shop: 'north' });
  meter.createObservableGauge('stock').addCallback((result) => result.observe(7.5, { shop: 'north' }));
  const took = meter.createHistogram('took', { unit: 's' });
  const size = meter.createHistogram('size', { unit: 'By' });
  for (const seconds of [0.004, 0.25]) {
    took.record(seconds);
    size.record(seconds * 1000);
  }
  await loggers.forceFlush();
  await meters.forceFlush();
  await Promise.all([loggers.shutdown(), meters.shutdown()]);
  console.log(JSON.stringify({ service, trace: span.traceId, span: span.spanId }));
}

(async () => {
  let number = 1;
  for (const service of Object.keys(exporters)) {
    await report(service, number++);
  }
})();
