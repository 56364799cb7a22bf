using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Telemetry;

/// <summary>Consumes measurements and answers of devices in a group, and prints rolling averages.</summary>
internal static class Program
{
    private const int Window = 20;

    private static readonly ConcurrentDictionary<string, RollingAverage> Averages = new(StringComparer.Ordinal);

    private static async Task Main(string[] arguments)
    {
        var options = new PushConsumerOptions
        {
            Client = new ClientOptions { NameServers = arguments.Length > 0 ? arguments[0] : "127.0.0.1:9876" },
            Group = "telemetry",
            From = ConsumeFrom.First,
        };
        await using var consumer = new PushConsumer(options, HandleAsync);
        consumer.Subscribe("sensors");
        consumer.Subscribe("answers");
        await consumer.StartAsync();

        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        await stopped.Task;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stopped.TrySetResult();
        }
    }

    /// <summary>MQTT <c>sensors/kitchen/temp</c> comes as topic <c>sensors</c> with tag <c>kitchen/temp</c>.</summary>
    private static async ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        string device = (message.Tag ?? "nobody").Split('/')[0];
        string text = Encoding.UTF8.GetString(message.Body.Span);
        string line = message.Topic == "sensors" ? Measured(device, text) : $"answers {device,-8}  {text}";
        await Console.Out.WriteLineAsync(line.AsMemory(), cancellationToken);
        return ConsumeResult.Success;
    }

    private static string Measured(string device, string text)
    {
        if (!double.TryParse(text, CultureInfo.InvariantCulture, out double value))
        {
            return $"sensors {device,-8}  sent '{text}', which is no number";
        }

        // Messages of different queues are handled at the same time.
        RollingAverage average = Averages.GetOrAdd(device, _ => new RollingAverage(Window));
        lock (average)
        {
            average.Add(value);
            return string.Create(CultureInfo.InvariantCulture, $"sensors {device,-8}  {value:0.00} celsius   average of {average.Count}: {average.Value:0.00}");
        }
    }
}
