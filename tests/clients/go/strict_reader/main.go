// Reads what X-Ray has to say as Grafana's data source does: it never asks whether something is there before it uses it.
//
// usage: strict_reader START END TRACE_ID        times in seconds since the epoch
//
// Uses every pointer and every first element that the data source uses, so it panics where that would. Prints what it
// counted as JSON. Asks AWS_ENDPOINT_URL, through the AWS SDK.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

type counts struct {
	Traces, Causes, Nodes, Clients, Edges, Requests, Points, Documents, Groups int
}

type reader struct {
	aws        *xray.Client
	start, end time.Time
	found      counts
}

func (r *reader) summaries(ctx context.Context) error {
	pages := xray.NewGetTraceSummariesPaginator(r.aws, &xray.GetTraceSummariesInput{
		StartTime: &r.start, EndTime: &r.end, Sampling: aws.Bool(true),
		SamplingStrategy: &types.SamplingStrategy{Name: types.SamplingStrategyNameFixedRate, Value: aws.Float64(1)},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, trace := range page.TraceSummaries {
			// A panic here is what this is for.
			_, _, _, _ = *trace.Id, *trace.StartTime, *trace.Duration, trace.Http.HttpURL
			r.found.Traces++
			for _, cause := range trace.FaultRootCauses {
				r.cause(len(cause.Services))
				for _, service := range cause.Services {
					_, _, _ = *service.Name, *service.Type, *service.EntityPath[0].Name
				}
			}
			for _, cause := range trace.ErrorRootCauses {
				r.cause(len(cause.Services))
				for _, service := range cause.Services {
					_, _, _ = *service.Name, *service.Type, *service.EntityPath[0].Name
				}
			}
			for _, cause := range trace.ResponseTimeRootCauses {
				r.cause(len(cause.Services))
				for _, service := range cause.Services {
					_, _, _, _ = *service.Name, *service.Type, *service.EntityPath[0].Name, *service.EntityPath[0].Coverage
				}
			}
		}
	}
	return nil
}

func (r *reader) cause(services int) {
	if services == 0 {
		panic("a root cause without services")
	}
	r.found.Causes++
}

func (r *reader) graph(services []types.Service) {
	for _, service := range services {
		_, _, _ = *service.ReferenceId, *service.Name, *service.Type
		r.found.Nodes++
		if service.SummaryStatistics == nil {
			// Of a client the data source reads the first edge.
			_ = *service.Edges[0].ReferenceId
			r.found.Clients++
		} else {
			statistics := service.SummaryStatistics
			_, _ = *statistics.ErrorStatistics.ThrottleCount, *statistics.FaultStatistics.TotalCount
			r.found.Requests += int(*statistics.TotalCount)
			r.histogram(service.ResponseTimeHistogram, *statistics.TotalCount)
		}
		for _, edge := range service.Edges {
			_, _ = *edge.SummaryStatistics.ErrorStatistics.TotalCount, *edge.SummaryStatistics.FaultStatistics.TotalCount
			if aws.ToString(edge.EdgeType) == "" {
				r.histogram(edge.ResponseTimeHistogram, *edge.SummaryStatistics.TotalCount)
			}
			r.found.Edges++
		}
	}
}

// The data source takes rates from the sum of a histogram.
func (r *reader) histogram(histogram []types.HistogramEntry, total int64) {
	var sum int64
	for _, entry := range histogram {
		sum += int64(entry.Count)
	}
	if sum != total {
		log.Panicf("a histogram of %d of %d requests", sum, total)
	}
}

func (r *reader) series(ctx context.Context, selector *string) error {
	pages := xray.NewGetTimeSeriesServiceStatisticsPaginator(r.aws, &xray.GetTimeSeriesServiceStatisticsInput{
		StartTime: &r.start, EndTime: &r.end, Period: aws.Int32(60), EntitySelectorExpression: selector,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, point := range page.TimeSeriesServiceStatistics {
			_ = *point.Timestamp
			if statistics := point.EdgeSummaryStatistics; statistics != nil {
				_, _, _ = *statistics.ErrorStatistics.OtherCount, *statistics.FaultStatistics.TotalCount, *statistics.OkCount
			} else {
				_ = *point.ServiceSummaryStatistics.ErrorStatistics.OtherCount
			}
			r.found.Points++
		}
	}
	return nil
}

func (r *reader) everything(ctx context.Context, trace string) error {
	if err := r.summaries(ctx); err != nil {
		return err
	}
	pages := xray.NewGetServiceGraphPaginator(r.aws, &xray.GetServiceGraphInput{StartTime: &r.start, EndTime: &r.end})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		r.graph(page.Services)
	}
	of, err := r.aws.GetTraceGraph(ctx, &xray.GetTraceGraphInput{TraceIds: []string{trace}})
	if err != nil {
		return err
	}
	r.graph(of.Services)
	traces, err := r.aws.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: []string{trace}})
	if err != nil {
		return err
	}
	for _, segment := range traces.Traces[0].Segments {
		if err := json.Unmarshal([]byte(*segment.Document), &map[string]any{}); err != nil {
			return err
		}
		r.found.Documents++
	}
	for _, selector := range []*string{nil, aws.String(`service("orders")`), aws.String(`edge("front", "pricing")`)} {
		if err := r.series(ctx, selector); err != nil {
			return err
		}
	}
	groups, err := r.aws.GetGroups(ctx, &xray.GetGroupsInput{})
	if err != nil {
		return err
	}
	for _, group := range groups.Groups {
		_, _, _ = *group.GroupName, *group.GroupARN, *group.InsightsConfiguration.InsightsEnabled
		r.found.Groups++
	}
	return nil
}

func main() {
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	seconds := func(text string) time.Time {
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			log.Fatal(err)
		}
		return time.Unix(value, 0)
	}
	it := reader{aws: xray.NewFromConfig(settings), start: seconds(os.Args[1]), end: seconds(os.Args[2])}
	if err := it.everything(ctx, os.Args[3]); err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(it.found); err != nil {
		log.Fatal(err)
	}
}
