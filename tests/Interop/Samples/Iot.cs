using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Samples;

/// <summary>The sample of the README, as a newcomer starts it.</summary>
public sealed class Iot
{
    [FactWhen(Needs.MqttJs, Needs.Curl)]
    public async Task Measurements_and_answers_to_commands_come_on_screen()
    {
        GatewayPorts ports = GatewayPorts.Free();
        string folder = Path.Combine(GatewayProgram.Root, "samples", "iot");
        var environment = new Dictionary<string, string>
        {
            ["BUILD"] = "0",
            ["CONFIGURATION"] = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug",
            ["MQTT_PORT"] = $"{ports.Mqtt}",
            ["HTTP_PORT"] = $"{ports.Http}",
            ["NAMESRV_PORT"] = $"{ports.NameServer}",
            ["BROKER_PORT"] = $"{ports.Broker}",
        };
        await using ChildProcess sample = ChildProcess.Start("bash", ["run.sh", "--seconds", "12"], environment, folder);

        try
        {
            int code = await sample.ExitAsync(TimeSpan.FromSeconds(90));
            Assert.True(code == 0, sample.Output);
        }
        finally
        {
            // Its own children end with it only when it is asked to end.
            sample.Terminate();
            await sample.ExitAsync();
        }

        Assert.Contains(sample.Lines, line => line.StartsWith("sensors ", StringComparison.Ordinal) && line.Contains("average of", StringComparison.Ordinal));
        Assert.Contains(sample.Lines, line => line.StartsWith("answers ", StringComparison.Ordinal) && line.Contains("measures every", StringComparison.Ordinal));
    }
}
