using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

/// <summary>SQL92 end to end: subscriptions, pulls and their refusals over frames.</summary>
public sealed class FilteredPulls
{
    private const string Expression = "(TAGS is not null and TAGS in ('TagA','TagB')) and (n is not null and n between 3 and 6)";

    [Fact]
    public async Task A_pull_that_brings_its_expression_gets_what_matches()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = await FilledAsync(bench);
        Assert.Equal(["TagA-3", "TagB-4", "TagA-6"], await client.FetchAsync("t", 0, Expression).BodiesAsync());
        Assert.Equal(["TagA-3"], await client.FetchAsync("t", 0, "n = 3", "sql92").BodiesAsync());
        Assert.Equal((ResponseCode.PullRetryImmediately, "NO_MATCHED_MESSAGE"), await client.FetchAsync("t", 0, "n > 100").CodeAsync());
    }

    [Fact]
    public async Task A_pull_without_one_gets_what_its_group_subscribed_to()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = await FilledAsync(bench);
        Assert.Equal(ResponseCode.Success, (await client.HeartbeatAsync("c", "g", FilterBench.Wants("t", Expression, version: 7))).Code);
        Assert.Equal(["TagA-3", "TagB-4", "TagA-6"], await client.FetchAsync("t", 0, version: 7).BodiesAsync());
        Assert.Equal((ResponseCode.SubscriptionNotLatest, "the consumer's subscription not latest"), await client.FetchAsync("t", 0, version: 8).CodeAsync());
        Assert.Equal((ResponseCode.SubscriptionNotExist, "the consumer's subscription not exist"), await client.FetchAsync("TBW102", 0).CodeAsync());
        Assert.Equal((ResponseCode.SubscriptionNotExist, "the consumer's group info not exist"), await client.FetchAsync("t", 0, group: "other").CodeAsync());
    }

    [Theory]
    [InlineData("a = ")]
    [InlineData("a LIKE 'x'")]
    [InlineData("")]
    public async Task An_expression_that_cannot_be_read_is_told_of_everywhere(string expression)
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = await FilledAsync(bench);
        (int code, string? remark) = await client.CheckAsync(FilterBench.Wants("t", expression));
        Assert.Equal(ResponseCode.SubscriptionParseFailed, code);
        Assert.StartsWith("Invalid MessageSelector. ", remark, StringComparison.Ordinal);

        (code, remark) = await client.FetchAsync("t", 0, expression).CodeAsync();
        Assert.Equal(ResponseCode.SubscriptionParseFailed, code);
        Assert.StartsWith("parse the consumer's subscription failed", remark, StringComparison.Ordinal);

        // As with Apache the heartbeat goes through, and the pull tells.
        Assert.Equal(ResponseCode.Success, (await client.HeartbeatAsync("c", "g", FilterBench.Wants("t", expression))).Code);
        (code, remark) = await client.FetchAsync("t", 0, version: 1).CodeAsync();
        Assert.Equal(ResponseCode.FilterDataNotExist, code);
        Assert.StartsWith("The broker's consumer filter data is not exist!Your expression may be wrong!", remark, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_may_ask_before_they_subscribe()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        Assert.Equal((ResponseCode.Success, null), await client.CheckAsync(FilterBench.Wants("t", Expression)));
        Assert.Equal((ResponseCode.Success, null), await client.CheckAsync(FilterBench.Wants("t", "a || b", "TAG")));
        Assert.Equal((ResponseCode.Success, null), await client.CheckAsync(null));
        Assert.Equal(
            (ResponseCode.SystemError, "The broker does not support consumer to filter message by CLASS"),
            await client.CheckAsync(FilterBench.Wants("t", "x", "CLASS")));
    }

    [Fact]
    public async Task Switched_off_it_is_refused_as_by_a_broker_of_Apache()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.PropertyFilters = false);
        BrokerClient client = await FilledAsync(bench);
        (int, string?) refused = (ResponseCode.SystemError, "The broker does not support consumer to filter message by SQL92");
        Assert.Equal(refused, await client.CheckAsync(FilterBench.Wants("t", "n = 1")));
        Assert.Equal(refused, await client.FetchAsync("t", 0, "n = 1").CodeAsync());
        await client.HeartbeatAsync("c", "g", FilterBench.Wants("t", "n = 1"));
        Assert.Equal(refused, await client.FetchAsync("t", 0, version: 1).CodeAsync());
    }

    [Fact]
    public async Task Filters_by_class_are_refused()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = await FilledAsync(bench);
        (int, string?) refused = (ResponseCode.SystemError, "The broker does not support consumer to filter message by class");
        Assert.Equal(refused, await client.FetchAsync("t", 0, "*", "TAG", flags: 8).CodeAsync());
        SubscriptionData byClass = FilterBench.Wants("t", "com.example.Filter", "TAG");
        byClass.ClassFilterMode = true;
        await client.HeartbeatAsync("c", "g", byClass);
        Assert.Equal(refused, await client.FetchAsync("t", 0).CodeAsync());
    }

    [Theory]
    [InlineData("TagA", "TagA-3,TagA-6,TagA-9")]
    [InlineData("TagB || TagC", "TagB-4,TagC-5")]
    [InlineData("*", "TagA-3,TagB-4,TagC-5,TagA-6,TagA-9")]
    [InlineData("", "TagA-3,TagB-4,TagC-5,TagA-6,TagA-9")]
    public async Task Tags_are_filtered_as_before(string expression, string bodies)
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = await FilledAsync(bench);
        Assert.Equal(bodies.Split(','), await client.FetchAsync("t", 0, expression, "TAG").BodiesAsync());
        Assert.Equal(bodies.Split(','), await client.FetchAsync("t", 0, expression, string.Empty, flags: 16).BodiesAsync());
        Assert.Equal(ResponseCode.SubscriptionParseFailed, (await client.FetchAsync("t", 0, "||", "TAG").CodeAsync()).Code);
    }

    [Fact]
    public async Task A_held_pull_is_woken_by_a_message_that_matches_only()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.PutAsync("t", "first", "n=1");
        Task<RemotingResponse> held = client.FetchAsync("t", 1, "n > 5", hold: 20_000);
        await Eventually.True(() => bench.Core.HeldWaits == 1, "the pull is held");
        await client.PutAsync("t", "small", "n=2");
        await client.PutAsync("t", "none", "m=9");
        Assert.Equal(1, bench.Core.HeldWaits);
        Assert.False(held.IsCompleted);
        await client.PutAsync("t", "large", "n=6");
        Assert.Equal(["large"], await held.BodiesAsync());
    }

    [Fact]
    public async Task A_subscription_of_a_retry_topic_takes_the_expression_of_the_first_topic()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.FilterRetries = true);
        BrokerClient client = bench.Connect();
        await client.HeartbeatAsync("c", "g", FilterBench.Wants("t", "n > 5"), FilterBench.Wants("%RETRY%g", "n > 100"));
        await client.PutAsync("%RETRY%g", "passes", "n=6|RETRY_TOPIC=t");
        await client.PutAsync("%RETRY%g", "does not", "n=5|RETRY_TOPIC=t");
        await client.PutAsync("%RETRY%g", "of a topic without", "n=1|RETRY_TOPIC=other");
        Assert.Equal(["passes", "of a topic without"], await client.FetchAsync("%RETRY%g", 0, version: 1).BodiesAsync());
    }

    [Fact]
    public async Task An_expression_that_costs_much_looks_at_fewer_messages_and_goes_on()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.MaxFilterNodes = 100_000);
        BrokerClient client = bench.Connect();
        for (int i = 0; i < 40; i++)
        {
            await client.PutAsync("t", "x", "n=1");
        }

        await client.PutAsync("t", "last", "n=9");
        string expression = string.Join(" OR ", Enumerable.Repeat("n=2", 3_400)) + " OR n=9";
        long offset = 0;
        for (int pulls = 0; pulls < 30; pulls++)
        {
            using RemotingResponse answer = await client.FetchAsync("t", offset, expression);
            if (answer.Code == ResponseCode.Success)
            {
                Assert.Equal("last", Assert.Single(BrokerClient.Records(answer)).Body);
                return;
            }

            Assert.Equal(ResponseCode.PullRetryImmediately, answer.Code);
            long next = answer.Fields.GetInt64("nextBeginOffset"u8);
            Assert.True(next > offset, "the offset goes on");
            offset = next;
        }

        Assert.Fail("the matching message did not come");
    }

    private static async Task<BrokerClient> FilledAsync(BrokerBench bench)
    {
        BrokerClient client = bench.Connect();
        await client.PutAsync("t", "TagA-3", "TAGS=TagA|n=3");
        await client.PutAsync("t", "TagB-4", "TAGS=TagB|n=4");
        await client.PutAsync("t", "TagC-5", "TAGS=TagC|n=5");
        await client.PutAsync("t", "TagA-6", "TAGS=TagA|n=6");
        await client.PutAsync("t", "TagA-9", "TAGS=TagA|n=9");
        return client;
    }
}
