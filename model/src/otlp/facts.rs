//! What head sampling asks about a span and its resource, read without decoding either.

use super::wire::{Fields, Wire};

/// What sampling asks about the process that sent a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceFacts<'a> {
    /// `service.name`.
    pub service_name: Option<&'a str>,
    /// X-Ray's service type, `AWS::ECS::Fargate` style, from `cloud.platform`; empty if it does not say.
    pub service_type: &'static str,
    /// ARN of the resource, as far as its attributes name one.
    pub resource_arn: Option<&'a str>,
}

/// What sampling asks about a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestFacts<'a> {
    /// HTTP method.
    pub method: Option<&'a str>,
    /// Path and query of the URL.
    pub target: Option<&'a str>,
    /// Host that was asked.
    pub host: Option<&'a str>,
}

impl<'a> ResourceFacts<'a> {
    pub(super) fn read(&mut self, resource: &'a [u8]) {
        let (mut platform, mut launch_type) = ("", "");
        for (key, value) in attributes(resource, 1) {
            match key {
                b"service.name" => self.service_name = Some(value),
                b"cloud.platform" => platform = value,
                b"aws.ecs.launchtype" => launch_type = value,
                b"cloud.resource_id" | b"aws.ecs.container.arn" => self.resource_arn = Some(value),
                _ => {}
            }
        }
        self.service_type = service_type(platform, launch_type);
    }
}

/// X-Ray's name for a cloud platform; empty for what X-Ray does not know.
pub(super) fn service_type(platform: &str, launch_type: &str) -> &'static str {
    match platform {
        "aws_ec2" => "AWS::EC2::Instance",
        "aws_ecs" if launch_type.eq_ignore_ascii_case("ec2") => "AWS::ECS::EC2",
        "aws_ecs" if launch_type.eq_ignore_ascii_case("fargate") => "AWS::ECS::Fargate",
        "aws_ecs" => "AWS::ECS::Container",
        "aws_eks" => "AWS::EKS::Container",
        "aws_elastic_beanstalk" => "AWS::ElasticBeanstalk::Environment",
        "aws_app_runner" => "AWS::AppRunner::Service",
        "aws_lambda" => "AWS::Lambda::Function",
        _ => "",
    }
}

impl<'a> RequestFacts<'a> {
    pub(super) fn of_span(span: &'a [u8]) -> Self {
        let mut facts = Self::default();
        let (mut path, mut url, mut server) = (None, None, None);
        for (key, value) in attributes(span, 9) {
            match key {
                b"http.request.method" | b"http.method" => facts.method = Some(value),
                b"http.target" => facts.target = Some(value),
                b"url.path" => path = Some(value),
                b"url.full" | b"http.url" => url = Some(value),
                b"http.host" => facts.host = Some(value),
                b"server.address" | b"net.host.name" => server = Some(value),
                _ => {}
            }
        }
        let (url_host, url_target) = url.map_or((None, None), split_url);
        facts.host = facts.host.or(server).or(url_host);
        facts.target = facts.target.or(path).or(url_target);
        facts
    }
}

/// Host with port, and path with query, of an absolute URL.
fn split_url(url: &str) -> (Option<&str>, Option<&str>) {
    let Some((_, rest)) = url.split_once("://") else {
        return (None, None);
    };
    let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let target = if target.starts_with('/') { target } else { "/" };
    (Some(host).filter(|host| !host.is_empty()), Some(target))
}

/// The attributes of a message that hold text, skipping whatever else there is.
fn attributes(message: &[u8], number: u32) -> impl Iterator<Item = (&[u8], &str)> {
    Fields::new(message).filter_map(move |field| match field {
        Ok((found, Wire::Bytes(attribute))) if found == number => text_attribute(attribute),
        _ => None,
    })
}

fn text_attribute(attribute: &[u8]) -> Option<(&[u8], &str)> {
    let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
    for field in Fields::new(attribute) {
        match field.ok()? {
            (1, Wire::Bytes(bytes)) => key = bytes,
            (2, Wire::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    match Fields::new(value).last()?.ok()? {
        (1, Wire::Bytes(text)) => std::str::from_utf8(text).ok().map(|text| (key, text)),
        _ => None,
    }
}
