// Offers requests to the official X-Ray SDK for Go at a steady rate, and counts what its sampler keeps.
//
// usage: xray_poller REQUESTS_PER_SECOND PATH...
//
// Offers that many requests for each path in every second, as the service SERVICE. Prints, about four times a second,
// a line of JSON with all that was offered and kept so far: {"/path": [offered, kept], ...}. Ends when its standard
// input does. Rules come from AWS_XRAY_DAEMON_ADDRESS, and what is kept is reported there.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

// Requests are offered in so many portions a second.
const portions = 20

func offer(ctx context.Context, service, path string) bool {
	request, err := http.NewRequest(http.MethodGet, "http://shop.example.com"+path, nil)
	if err != nil {
		log.Fatal(err)
	}
	_, segment := xray.NewSegmentFromHeader(ctx, service, request, header.FromString(""))
	kept := segment.Sampled
	segment.Close(nil)
	return kept
}

func main() {
	perSecond, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	paths, service := os.Args[2:], os.Getenv("SERVICE")
	strategy, err := sampling.NewCentralizedStrategy()
	if err != nil {
		log.Fatal(err)
	}
	ctx, err := xray.ContextWithConfig(context.Background(), xray.Config{SamplingStrategy: strategy})
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	counts := map[string]*[2]int{}
	for _, path := range paths {
		counts[path] = &[2]int{}
	}
	tell := json.NewEncoder(os.Stdout)
	start := time.Now()
	for portion := 1; ; portion++ {
		time.Sleep(time.Until(start.Add(time.Duration(portion) * time.Second / portions)))
		for _, path := range paths {
			for count := counts[path]; count[0] < portion*perSecond/portions; count[0]++ {
				if offer(ctx, service, path) {
					count[1]++
				}
			}
		}
		if portion%(portions/4) == 0 {
			if err := tell.Encode(counts); err != nil {
				log.Fatal(err)
			}
		}
	}
}
