//! Where a span ran, and what of AWS it called.

use super::*;

#[test]
fn the_process_says_where_it_runs() {
    let mut ecs = case(Kind::Server, "{}");
    ecs.resource = r#"{"service.name":"shop","cloud.provider":"aws","cloud.platform":"aws_ecs","aws.ecs.launchtype":"fargate",
        "cloud.account.id":"123","cloud.region":"eu-west-1","cloud.availability_zone":"eu-west-1a",
        "aws.ecs.container.arn":"arn:c","aws.log.group.names":["g1","g2"],
        "process.pid":7,"telemetry.sdk.language":"go","os.type":"linux","k8s.pod.name":"shop-1","osprey":3}"#;
    ecs.check(|node| {
        let aws = node.aws.as_ref().unwrap();
        assert_eq!(node.origin.as_deref(), Some("AWS::ECS::Fargate"));
        assert_eq!(node.resource_arn.as_deref(), Some("arn:c"));
        assert_eq!(
            (aws.account_id.as_deref(), aws.availability_zone.as_deref()),
            (Some("123"), Some("eu-west-1a"))
        );
        assert_eq!(aws.log_groups, [("g1".into(), None), ("g2".into(), None)]);
        let has = |key: &str| node.annotations.iter().any(|(found, _)| found == key);
        assert!(
            node.annotations
                .contains(&("k8s.pod.name".into(), Scalar::Text("shop-1".into())))
        );
        assert!(has("cloud.region") && has("osprey"));
        assert!(
            !["service.name", "process.pid", "telemetry.sdk.language", "os.type"]
                .into_iter()
                .any(has)
        );
    });
    let mut gcp = case(Kind::Server, "{}");
    gcp.resource =
        r#"{"cloud.provider":"gcp","cloud.account.id":"p","aws.log.group.arns":"arn:aws:logs:r:a:log-group:g:*"}"#;
    gcp.check(|node| assert_eq!(node.aws, None));
    let mut logs = case(Kind::Server, "{}");
    logs.resource = r#"{"aws.log.group.arns":"arn:aws:logs:r:a:log-group:g&arn:aws:logs:r:a:log-group:h"}"#;
    logs.check(|node| {
        let names: Vec<_> = node
            .aws
            .as_ref()
            .unwrap()
            .log_groups
            .iter()
            .map(|(name, _)| &**name)
            .collect();
        assert_eq!(names, ["g", "h"]);
    });
}

#[test]
fn calls_to_aws_say_what_was_called() {
    let json = r#"{"rpc.system":"aws-api","rpc.service":"DynamoDB","rpc.method":"GetItem","aws.region":"r",
        "aws.requestId":"id","aws.dynamodb.table_names":["t"],"aws.sns.topic.arn":"arn:t","aws.s3.bucket":"b"}"#;
    case(Kind::Client, json).check(|node| {
        let aws = node.aws.as_ref().unwrap();
        assert_eq!((&*node.name, aws.operation.as_deref()), ("DynamoDB", Some("GetItem")));
        assert_eq!(
            (aws.region.as_deref(), aws.request_id.as_deref()),
            (Some("r"), Some("id"))
        );
        assert_eq!((aws.table_name.as_deref(), aws.table_names.len()), (Some("t"), 0));
        assert_eq!(
            (aws.topic_arn.as_deref(), aws.bucket_name.as_deref()),
            (Some("arn:t"), Some("b"))
        );
    });
    case(Kind::Client, r#"{"rpc.system":"grpc","rpc.method":"Say"}"#).check(|node| assert_eq!(node.aws, None));
}
