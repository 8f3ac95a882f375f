package beamline.clients;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.contrib.awsxray.AwsXrayRemoteSampler;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.time.Duration;

/**
 * Offers requests to OpenTelemetry's X-Ray remote sampler for Java, as {@link Offers} says. Rules come from
 * SAMPLER_ENDPOINT, every POLLING_INTERVAL seconds.
 */
public final class OtelPoller {
    private OtelPoller() {}

    public static void main(String[] arguments) throws InterruptedException {
        Resource resource = Resource.getDefault().toBuilder()
                .put("service.name", System.getenv("SERVICE"))
                .build();
        AwsXrayRemoteSampler sampler = AwsXrayRemoteSampler.newBuilder(resource)
                .setEndpoint(System.getenv("SAMPLER_ENDPOINT"))
                .setPollingInterval(Duration.ofSeconds(Long.parseLong(System.getenv("POLLING_INTERVAL"))))
                .build();
        Tracer tracer = SdkTracerProvider.builder()
                .setResource(resource)
                .setSampler(sampler)
                .build()
                .get("beamline-test-clients");
        Offers.run(arguments, path -> keep(tracer, path));
    }

    private static boolean keep(Tracer tracer, String path) {
        Span span = tracer.spanBuilder("GET")
                .setNoParent()
                .setSpanKind(SpanKind.SERVER)
                .setAttribute(AttributeKey.stringKey("http.method"), "GET")
                .setAttribute(AttributeKey.stringKey("http.host"), "shop.example.com")
                .setAttribute(AttributeKey.stringKey("http.target"), path)
                .setAttribute(AttributeKey.stringKey("http.request.method"), "GET")
                .setAttribute(AttributeKey.stringKey("url.path"), path)
                .startSpan();
        boolean kept = span.getSpanContext().isSampled();
        span.end();
        return kept;
    }
}
