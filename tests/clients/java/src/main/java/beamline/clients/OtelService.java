package beamline.clients;

import com.sun.net.httpserver.HttpExchange;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.contrib.awsxray.AwsXrayIdGenerator;
import io.opentelemetry.contrib.awsxray.propagator.AwsXrayPropagator;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/**
 * One web service instrumented with the official OpenTelemetry SDK for Java.
 *
 * <p>Listens on a free port and prints it. Takes its context from X-Amzn-Trace-Id and hands it on so. Reports by OTLP over
 * HTTP to OTEL_EXPORTER_OTLP_ENDPOINT.
 */
public final class OtelService {
    private static final String NAME = System.getenv("SERVICE");
    private static final String NEXT = System.getenv("NEXT");
    private static final AwsXrayPropagator PROPAGATOR = AwsXrayPropagator.getInstance();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Tracer TRACER = SdkTracerProvider.builder()
            .setIdGenerator(AwsXrayIdGenerator.getInstance())
            .setResource(Resource.getDefault().toBuilder().put("service.name", NAME).build())
            .addSpanProcessor(SimpleSpanProcessor.create(OtlpHttpSpanExporter.builder()
                    .setEndpoint(System.getenv("OTEL_EXPORTER_OTLP_ENDPOINT") + "/v1/traces")
                    .build()))
            .build()
            .get("beamline-test-clients");

    private static final TextMapGetter<HttpExchange> HEADERS = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(HttpExchange exchange) {
            return exchange.getRequestHeaders().keySet();
        }

        @Override
        public String get(HttpExchange exchange, String key) {
            return exchange.getRequestHeaders().getFirst(key);
        }
    };

    private OtelService() {}

    public static void main(String[] arguments) throws Exception {
        Web.serve(OtelService::answer);
    }

    private static Web.Answer answer(HttpExchange exchange) throws Exception {
        Span span = TRACER.spanBuilder("GET /call")
                .setParent(PROPAGATOR.extract(Context.root(), exchange, HEADERS))
                .setSpanKind(SpanKind.SERVER)
                .setAttribute("http.request.method", "GET")
                .setAttribute("url.path", exchange.getRequestURI().getPath())
                .setAttribute(AttributeKey.stringKey("language"), "java")
                .startSpan();
        try (Scope scope = span.makeCurrent()) {
            String downstream = NEXT == null ? "null" : get(NEXT);
            span.setAttribute("http.response.status_code", 200L);
            return new Web.Answer(200, Web.body(NAME, downstream));
        } catch (Exception error) {
            span.recordException(error);
            span.setStatus(StatusCode.ERROR);
            throw error;
        } finally {
            span.end();
        }
    }

    private static String get(String url) throws Exception {
        Span span = TRACER.spanBuilder("GET")
                .setSpanKind(SpanKind.CLIENT)
                .setAttribute("http.request.method", "GET")
                .setAttribute("url.full", url)
                .startSpan();
        try (Scope scope = span.makeCurrent()) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
            PROPAGATOR.inject(Context.current(), request, HttpRequest.Builder::setHeader);
            HttpResponse<String> response = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
            span.setAttribute("http.response.status_code", (long) response.statusCode());
            return response.body();
        } finally {
            span.end();
        }
    }
}
