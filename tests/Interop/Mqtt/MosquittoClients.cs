using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>Mosquitto's own clients against the gateway.</summary>
public sealed class MosquittoClients(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;

    [TheoryWhen(Needs.Mosquitto)]
    [InlineData("31", 0)]
    [InlineData("31", 1)]
    [InlineData("311", 0)]
    [InlineData("311", 1)]
    [InlineData("5", 0)]
    [InlineData("5", 1)]
    public async Task A_message_reaches_a_subscriber_with_a_wildcard(string version, int qos)
    {
        string site = $"wild{version}q{qos}";
        await using MosquittoSubscription plus = await Mosquitto.SubscribeAsync(_gateway, $"{site}/+/temp", "-V", version, "-q", "1");
        await using MosquittoSubscription all = await Mosquitto.SubscribeAsync(_gateway, "#", "-V", version, "-q", "1");

        await Mosquitto.PublishAsync(_gateway, $"{site}/kitchen/humidity", "44", "-V", version, "-q", $"{qos}");
        await Mosquitto.PublishAsync(_gateway, $"{site}/kitchen/temp", "21.5", "-V", version, "-q", $"{qos}");

        MosquittoMessage temperature = await plus.MessageAsync("21.5");
        Assert.Equal($"{site}/kitchen/temp", temperature.Topic);
        Assert.Equal($"{qos}", temperature.Qos);
        Assert.Single(plus.Messages);
        await all.MessageAsync("44");
        await all.MessageAsync("21.5");
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task Clients_of_both_versions_receive_each_other()
    {
        await using MosquittoSubscription three = await Mosquitto.SubscribeAsync(_gateway, "versions/#", "-V", "311", "-q", "1");
        await using MosquittoSubscription five = await Mosquitto.SubscribeAsync(_gateway, "versions/#", "-V", "5", "-q", "1");

        await Mosquitto.PublishAsync(_gateway, "versions/a", "from 3.1.1", "-V", "311", "-q", "1");
        await Mosquitto.PublishAsync(_gateway, "versions/a", "from 5", "-V", "5", "-q", "1");

        foreach (MosquittoSubscription subscription in new[] { three, five })
        {
            Assert.Equal(["from 3.1.1", "from 5"], (await subscription.MessagesAsync(2)).Select(message => message.Body));
        }
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task User_properties_and_the_content_type_arrive()
    {
        await using MosquittoSubscription subscription = await Mosquitto.SubscribeAsync(_gateway, "props/#", "-V", "5", "-q", "1");

        await Mosquitto.PublishAsync(
            _gateway, "props/a", "1", "-V", "5", "-q", "1",
            "-D", "publish", "user-property", "unit", "celsius",
            "-D", "publish", "user-property", "site", "köln",
            "-D", "publish", "content-type", "text/plain");

        MosquittoMessage message = await subscription.MessageAsync("1");
        Assert.Contains("unit:celsius", message.UserProperties, StringComparison.Ordinal);
        Assert.Contains("site:köln", message.UserProperties, StringComparison.Ordinal);
        Assert.Equal("text/plain", message.ContentType);
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task Messages_of_one_topic_arrive_once_and_in_order()
    {
        const int Count = 500;
        await using MosquittoSubscription subscription = await Mosquitto.SubscribeAsync(_gateway, "order/#", "-q", "1");
        string lines = Path.GetTempFileName();
        await File.WriteAllLinesAsync(lines, Enumerable.Range(0, Count).Select(i => $"{i}"));

        await using ChildProcess publisher = ChildProcess.Start(
            "sh", ["-c", $"mosquitto_pub -h 127.0.0.1 -p {_gateway.Ports.Mqtt} -q 1 -t order/a -l < {lines}"]);
        Assert.Equal(0, await publisher.ExitAsync());
        File.Delete(lines);

        await Mosquitto.PublishAsync(_gateway, "order/a", "end", "-q", "1");
        await subscription.MessageAsync("end");
        Assert.Equal([.. Enumerable.Range(0, Count).Select(i => $"{i}"), "end"], subscription.Messages.Select(message => message.Body));
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task Pings_of_a_quiet_subscriber_are_answered_and_it_stays_connected()
    {
        await using MosquittoSubscription subscription = await Mosquitto.SubscribeAsync(_gateway, "quiet/#", "-k", "5", "-q", "1");

        await subscription.SaysAsync(2, "PINGRESP");
        await Mosquitto.PublishAsync(_gateway, "quiet/a", "still here", "-q", "1");

        await subscription.MessageAsync("still here");
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task A_publish_at_quality_two_goes_through_all_four_packets()
    {
        await using ChildProcess publisher = ChildProcess.Start(
            "mosquitto_pub", ["-h", "127.0.0.1", "-p", $"{_gateway.Ports.Mqtt}", "-V", "5", "-q", "2", "-t", "two/a", "-m", "x", "-d"]);

        Assert.Equal(0, await publisher.ExitAsync());

        Assert.Contains(publisher.Lines, line => line.Contains("received PUBREC", StringComparison.Ordinal));
        Assert.Contains(publisher.Lines, line => line.Contains("received PUBCOMP", StringComparison.Ordinal));
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task A_body_of_a_quarter_megabyte_arrives_whole()
    {
        string body = new('x', 256 * 1024);
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, body);
        await using MosquittoSubscription subscription = await Mosquitto.SubscribeAsync(_gateway, "large/#", "-q", "1");

        await using ChildProcess publisher = ChildProcess.Start(
            "mosquitto_pub", ["-h", "127.0.0.1", "-p", $"{_gateway.Ports.Mqtt}", "-q", "1", "-t", "large/a", "-f", file]);
        Assert.Equal(0, await publisher.ExitAsync());

        Assert.Equal(body, (await subscription.MessagesAsync(1))[0].Body);
        File.Delete(file);
    }
}
