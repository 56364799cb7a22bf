using System.Globalization;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Clients;

/// <summary>mosquitto_pub and mosquitto_sub.</summary>
internal static class Mosquitto
{
    /// <summary>What mosquitto_sub prints before each message: topic, QoS, retain, user properties, content type, payload.</summary>
    private const string Format = "MESSAGE %t|%q|%r|%P|%C|%p";

    /// <summary>Publishes once; fails with what the program said unless it ended well.</summary>
    public static async Task PublishAsync(GatewayProcess gateway, string topic, string body, params string[] more)
    {
        ChildProcess publisher = ChildProcess.Start("mosquitto_pub", [.. Where(gateway), "-t", topic, "-m", body, .. more]);
        await using (publisher)
        {
            int code = await publisher.ExitAsync();
            Assert.True(code == 0, $"mosquitto_pub ended with {code}\n{publisher.Output}\n{gateway.Output}");
        }
    }

    /// <summary>
    /// Subscribes, and returns when the subscription was acknowledged. The program keeps its debug lines back while it
    /// writes to a pipe; stdbuf makes it write line by line.
    /// </summary>
    public static async Task<MosquittoSubscription> SubscribeAsync(GatewayProcess gateway, string filter, params string[] more)
    {
        ChildProcess subscriber = ChildProcess.Start("stdbuf", ["-oL", "mosquitto_sub", .. Where(gateway), "-d", "-F", Format, "-t", filter, .. more]);
        try
        {
            await subscriber.LineAsync(line => line.StartsWith("Subscribed (", StringComparison.Ordinal), "that it is subscribed");
            return new MosquittoSubscription(subscriber);
        }
        catch
        {
            await subscriber.DisposeAsync();
            throw;
        }
    }

    private static string[] Where(GatewayProcess gateway)
        => ["-h", "127.0.0.1", "-p", gateway.Ports.Mqtt.ToString(CultureInfo.InvariantCulture)];
}
