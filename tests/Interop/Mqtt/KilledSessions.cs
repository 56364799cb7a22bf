using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>Sessions of mosquitto's clients through kill -9 of the gateway.</summary>
public sealed class KilledSessions(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;

    [TheoryWhen(Needs.Mosquitto)]
    [InlineData("311", "1")]
    [InlineData("5", "1")]
    [InlineData("5", "2")]
    public async Task What_came_while_the_client_was_away_is_there_after_a_kill(string version, string qos)
    {
        string topic = $"away{version}q{qos}";
        await (await SubscribeAsync(topic, version, qos)).DisposeAsync();
        List<string> expected = [];
        for (int i = 1; i <= 6; i++)
        {
            if (i == 4)
            {
                await _gateway.KillAsync();
                await _gateway.StartAgainAsync();
            }

            expected.Add($"{i}");
            await Mosquitto.PublishAsync(_gateway, $"{topic}/a", $"{i}", "-q", qos);
        }

        await using MosquittoSubscription back = await SubscribeAsync(topic, version, qos);
        Assert.Equal(expected, (await back.MessagesAsync(6)).Select(message => message.Body));
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task A_client_of_QoS_2_gets_everything_once_through_a_kill()
    {
        await using MosquittoSubscription subscription = await SubscribeAsync("once", "311", "2");
        List<string> expected = [];
        for (int i = 0; i < 10; i++)
        {
            expected.Add($"{i}");
            await Mosquitto.PublishAsync(_gateway, "once/a", $"{i}", "-q", "2");
        }

        await subscription.MessagesAsync(10);
        await _gateway.KillAsync();
        await _gateway.StartAgainAsync();
        for (int i = 10; i < 20; i++)
        {
            expected.Add($"{i}");
            await Mosquitto.PublishAsync(_gateway, "once/a", $"{i}", "-q", "2");
        }

        Assert.Equal(expected, (await subscription.MessagesAsync(20)).Select(message => message.Body));
    }

    private Task<MosquittoSubscription> SubscribeAsync(string topic, string version, string qos)
        => version == "5"
            ? Mosquitto.SubscribeAsync(_gateway, $"{topic}/#", "-V", "5", "-c", "-x", "3600", "-i", $"i-{topic}", "-q", qos)
            : Mosquitto.SubscribeAsync(_gateway, $"{topic}/#", "-V", version, "-c", "-i", $"i-{topic}", "-q", qos);
}
