using System.Net;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

public sealed class Errors
{
    public static TheoryData<BridgeError, HttpStatusCode, string> Refusals => new()
    {
        { BridgeError.TopicNotFound, HttpStatusCode.NotFound, "topic-not-found" },
        { BridgeError.TopicInvalid, HttpStatusCode.BadRequest, "topic-invalid" },
        { BridgeError.GroupInvalid, HttpStatusCode.BadRequest, "group-invalid" },
        { BridgeError.FilterInvalid, HttpStatusCode.BadRequest, "filter-invalid" },
        { BridgeError.MessageTooLarge, HttpStatusCode.RequestEntityTooLarge, "too-large" },
        { BridgeError.PropertiesInvalid, HttpStatusCode.BadRequest, "properties-invalid" },
        { BridgeError.InvalidArgument, HttpStatusCode.BadRequest, "invalid-request" },
        { BridgeError.DeliveryUnknown, HttpStatusCode.Conflict, "delivery-unknown" },
        { BridgeError.Busy, HttpStatusCode.TooManyRequests, "busy" },
        { BridgeError.ReadOnly, HttpStatusCode.ServiceUnavailable, "read-only" },
        { BridgeError.Unreachable, HttpStatusCode.ServiceUnavailable, "unreachable" },
        { BridgeError.Timeout, HttpStatusCode.GatewayTimeout, "timeout" },
        { BridgeError.NotAuthorized, HttpStatusCode.Forbidden, "forbidden" },
        { BridgeError.Unsupported, HttpStatusCode.NotImplemented, "unsupported" },
        { BridgeError.Internal, HttpStatusCode.InternalServerError, "internal" },
    };

    [Fact]
    public void Every_refusal_of_the_bridge_is_in_the_table()
        => Assert.Equal(Enum.GetValues<BridgeError>().Order(), Refusals.Select(row => (BridgeError)((object[])row)[0]).Order());

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_of_the_bridge_is_a_problem(BridgeError error, HttpStatusCode status, string name)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.FailNextPublish(error, mayHaveHappened: error == BridgeError.Timeout);

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/sensors/messages", "x");

        JsonNode problem = await HttpFrontHost.AssertProblemAsync(answer, status, name);
        Assert.Equal(error == BridgeError.Timeout, (bool?)problem["mayHaveHappened"] ?? false);
        Assert.Equal(status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable, answer.Headers.RetryAfter is not null);
    }

    [Fact]
    public async Task The_bridges_own_time_for_another_try_is_passed_on()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.FailNextPublish(BridgeError.Busy, TimeSpan.FromSeconds(2.5));

        using HttpResponseMessage answer = await host.PostAsync("/v1/topics/sensors/messages", "x");

        Assert.Equal(TimeSpan.FromSeconds(3), answer.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task An_unknown_topic_without_auto_create_is_not_found()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        host.Bridge.AutoCreateTopics = false;

        using HttpResponseMessage publish = await host.PostAsync("/v1/topics/nowhere/messages", "x");
        using HttpResponseMessage look = await host.GetAsync("/v1/topics/nowhere");

        await HttpFrontHost.AssertProblemAsync(publish, HttpStatusCode.NotFound, "topic-not-found");
        await HttpFrontHost.AssertProblemAsync(look, HttpStatusCode.NotFound, "topic-not-found");
    }

    [Fact]
    public async Task Addresses_and_methods_that_are_not_there_are_problems_too()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage nowhere = await host.GetAsync("/v1/nothing");
        using HttpResponseMessage method = await host.GetAsync("/v1/receipts/ack");

        await HttpFrontHost.AssertProblemAsync(nowhere, HttpStatusCode.NotFound, "not-found");
        await HttpFrontHost.AssertProblemAsync(method, HttpStatusCode.MethodNotAllowed, "method-not-allowed");
        Assert.Equal(["POST"], method.Content.Headers.Allow);
    }
}
