package beamline.clients;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.SimpleLogRecordProcessor;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.InstrumentSelector;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.View;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Reports a log record and some measurements with the official OpenTelemetry SDK for Java.
 *
 * <p>Sends by OTLP over HTTP (protobuf, gzip) to OTLP_HTTP, and prints the trace in whose span everything happened. Ends with
 * 1 if anything was not acknowledged.
 */
public final class OtelSignals {
    private static final String NAME = "java-http";

    private OtelSignals() {}

    public static void main(String[] arguments) {
        String endpoint = "http://" + System.getenv("OTLP_HTTP");
        Resource resource = Resource.getDefault().toBuilder()
                .put("service.name", NAME)
                .put("service.instance.id", "one")
                .build();
        SdkLoggerProvider loggers = SdkLoggerProvider.builder()
                .setResource(resource)
                .addLogRecordProcessor(SimpleLogRecordProcessor.create(OtlpHttpLogRecordExporter.builder()
                        .setEndpoint(endpoint + "/v1/logs")
                        .setCompression("gzip")
                        .build()))
                .build();
        SdkMeterProvider meters = SdkMeterProvider.builder()
                .setResource(resource)
                .registerView(
                        InstrumentSelector.builder().setName("size").build(),
                        View.builder().setAggregation(Aggregation.base2ExponentialBucketHistogram()).build())
                .registerMetricReader(PeriodicMetricReader.builder(OtlpHttpMetricExporter.builder()
                                .setEndpoint(endpoint + "/v1/metrics")
                                .setCompression("gzip")
                                .build())
                        .setInterval(Duration.ofHours(1))
                        .build())
                .build();
        Span span = SdkTracerProvider.builder().build().get("beamline-test-clients").spanBuilder("work").startSpan();
        try (Scope scope = span.makeCurrent()) {
            measure(meters.get("beamline-test-clients"));
            loggers.get("beamline-test-clients")
                    .logRecordBuilder()
                    .setContext(Context.current())
                    .setSeverity(Severity.ERROR)
                    .setSeverityText("ERROR")
                    .setBody("order 17 was lost")
                    .setAttribute(AttributeKey.longKey("order"), 17L)
                    .setAttribute(AttributeKey.stringArrayKey("items"), List.of("a", "b"))
                    .emit();
        }
        boolean kept = loggers.forceFlush().join(30, TimeUnit.SECONDS).isSuccess()
                & meters.forceFlush().join(30, TimeUnit.SECONDS).isSuccess();
        System.out.printf(
                "{\"service\":\"%s\",\"trace\":\"%s\",\"span\":\"%s\"}%n",
                NAME, span.getSpanContext().getTraceId(), span.getSpanContext().getSpanId());
        System.exit(kept ? 0 : 1);
    }

    private static void measure(Meter meter) {
        Attributes north = Attributes.of(AttributeKey.stringKey("shop"), "north");
        meter.counterBuilder("orders").setUnit("{order}").setDescription("Orders taken").build().add(3, north);
        meter.gaugeBuilder("stock").buildWithCallback(gauge -> gauge.record(7.5, north));
        DoubleHistogram took = meter.histogramBuilder("took").setUnit("s").build();
        DoubleHistogram size = meter.histogramBuilder("size").setUnit("By").build();
        for (double seconds : new double[] {0.004, 0.25}) {
            took.record(seconds);
            size.record(seconds * 1000);
        }
    }
}
