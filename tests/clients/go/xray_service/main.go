// One web service instrumented with the official X-Ray SDK for Go.
//
// Listens on a free port and prints it. Each request becomes a segment with an annotation, nested subsegments, an AWS
// call through the patched AWS SDK (to AWS_ENDPOINT_URL) and, when NEXT is set, a traced HTTP call to the next service.
// With `?fail` in the URL the innermost subsegment fails, and the SDK carries the error outwards. Reports to
// AWS_XRAY_DAEMON_ADDRESS.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	aws "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-xray-sdk-go/v2/instrumentation/awsv2"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

var errScale = errors.New("the scale is broken")

type service struct {
	name   string
	next   string
	client *http.Client
	aws    *aws.Client
}

func (s service) answer(ctx context.Context, fail bool) (map[string]any, error) {
	if err := xray.AddAnnotation(ctx, "language", "go"); err != nil {
		return nil, err
	}
	if err := xray.Capture(ctx, "pick", func(ctx context.Context) error { return pick(ctx, fail) }); err != nil {
		return nil, err
	}
	if _, err := s.aws.GetGroups(ctx, &aws.GetGroupsInput{}); err != nil {
		return nil, err
	}
	downstream, err := s.callNext(ctx)
	return map[string]any{"service": s.name, "downstream": downstream}, err
}

func pick(ctx context.Context, fail bool) error {
	return xray.Capture(ctx, "weigh", func(ctx context.Context) error {
		if fail {
			return errScale
		}
		return xray.AddMetadata(ctx, "grams", []int{120, 80})
	})
}

func (s service) callNext(ctx context.Context) (any, error) {
	if s.next == "" {
		return nil, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.next, nil)
	if err != nil {
		return nil, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var downstream any
	return downstream, json.NewDecoder(response.Body).Decode(&downstream)
}

func (s service) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	body, err := s.answer(request.Context(), request.URL.RawQuery == "fail")
	writer.Header().Set("Content-Type", "application/json")
	if err != nil {
		writer.WriteHeader(http.StatusInternalServerError)
		body = map[string]any{"error": err.Error()}
	}
	if err := json.NewEncoder(writer).Encode(body); err != nil {
		log.Print(err)
	}
}

func main() {
	settings, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	awsv2.AWSV2Instrumentor(&settings.APIOptions)
	it := service{
		name:   os.Getenv("SERVICE"),
		next:   os.Getenv("NEXT"),
		client: xray.Client(http.DefaultClient),
		aws:    aws.NewFromConfig(settings),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("{\"port\": %d}\n", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, xray.Handler(xray.NewFixedSegmentNamer(it.name), it)))
}
