package beamline.clients;

import com.amazonaws.xray.AWSXRay;
import com.amazonaws.xray.AWSXRayRecorderBuilder;
import com.amazonaws.xray.entities.Segment;
import com.amazonaws.xray.strategy.sampling.CentralizedSamplingStrategy;
import com.amazonaws.xray.strategy.sampling.SamplingRequest;
import com.amazonaws.xray.strategy.sampling.SamplingResponse;
import java.util.Map;

/**
 * Offers requests to the official X-Ray SDK for Java, as {@link Offers} says. Rules come from AWS_XRAY_DAEMON_ADDRESS,
 * and what is kept is reported there.
 */
public final class XRayPoller {
    private static final String NAME = System.getenv("SERVICE");
    private static final CentralizedSamplingStrategy STRATEGY = new CentralizedSamplingStrategy();

    private XRayPoller() {}

    public static void main(String[] arguments) throws InterruptedException {
        AWSXRay.setGlobalRecorder(
                AWSXRayRecorderBuilder.standard().withSamplingStrategy(STRATEGY).build());
        Offers.run(arguments, XRayPoller::keep);
    }

    /** What the SDK's servlet filter does with a request that brings no decision. */
    private static boolean keep(String path) {
        SamplingResponse decision =
                STRATEGY.shouldTrace(new SamplingRequest(NAME, "shop.example.com", path, "GET", ""));
        if (!decision.isSampled()) {
            return false;
        }
        Segment segment = AWSXRay.beginSegment(NAME);
        decision.getRuleName().ifPresent(segment::setRuleName);
        segment.putHttp("request", Map.of("method", "GET", "url", "http://shop.example.com" + path));
        AWSXRay.endSegment();
        return true;
    }
}
