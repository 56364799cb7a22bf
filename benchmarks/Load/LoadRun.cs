using ProtoBridgeMQ.Benchmarks.Load.Http;
using ProtoBridgeMQ.Benchmarks.Load.Mqtt;
using ProtoBridgeMQ.Benchmarks.Load.Remoting;
using ProtoBridgeMQ.Benchmarks.Load.Reports;

namespace ProtoBridgeMQ.Benchmarks.Load;

/// <summary>
/// Starts one server after another and measures each scenario against it. Floor and gateway alternate with the size and
/// never run at the same time.
/// </summary>
internal sealed class LoadRun(LoadOptions options, TextWriter writer)
{
    private const int Queues = 8;
    private const int UsualAnswerSize = 240;
    private const int Batch = 100;

    private readonly List<Result> _results = [];
    private int _answerSize = UsualAnswerSize;

    /// <summary>Measures everything that was asked for.</summary>
    public async Task<IReadOnlyList<Result>> RunAsync()
    {
        foreach (string flush in options.Targets.Contains("gateway") ? options.FlushModes : [])
        {
            await using Target gateway = await Target.GatewayAsync(flush);
            await MeasureAsync(gateway);
        }

        if (options.Targets.Contains("floor"))
        {
            await using Target floor = await Target.FloorAsync();
            await MeasureAsync(floor);
        }

        return _results;
    }

    private async Task MeasureAsync(Target target)
    {
        foreach (int size in options.Sizes)
        {
            foreach (int senders in options.Senders)
            {
                foreach (string scenario in options.Scenarios)
                {
                    IReadOnlyList<Result> results = scenario switch
                    {
                        "remoting" => await SendAsync(target, senders, size),
                        "http" => await PostAsync(target, senders, size),
                        "http-batch" => await PostBatchAsync(target, senders, size),
                        _ => await PublishAsync(target, senders, size),
                    };
                    foreach (Result result in results)
                    {
                        Report.PrintRow(writer, result);
                        _results.Add(result);
                    }
                }
            }
        }
    }

    private async Task<IReadOnlyList<Result>> SendAsync(Target target, int senders, int size)
    {
        const string Topic = "load-remoting";
        if (!target.IsFloor)
        {
            using RemotingExchange create = await RemotingExchange.ConnectAsync(target.Ports.Broker, SendFrame.CreateTopic(Topic, Queues));
            await create.ExchangeAsync();
            using RemotingExchange probe = await RemotingExchange.ConnectAsync(
                target.Ports.Broker, SendFrame.Send(Topic, 0, size, options.Binary));
            await probe.ExchangeAsync();
            _answerSize = probe.AnswerSize;
        }

        return await new Measurement(target, "remoting-send", senders, size, options).RunAsync(async i =>
        {
            SendFrame frame = SendFrame.Send(Topic, i % Queues, size, options.Binary);
            return target.IsFloor
                ? await RemotingExchange.ConnectToFloorAsync(target.Ports.Broker, frame, _answerSize)
                : await RemotingExchange.ConnectAsync(target.Ports.Broker, frame);
        });
    }

    private async Task<IReadOnlyList<Result>> PostAsync(Target target, int senders, int size)
    {
        string path = target.IsFloor ? "/post" : "/v1/topics/load-http/messages";
        return await new Measurement(target, "http-post", senders, size, options).RunAsync(
            async _ => await HttpExchange.ConnectAsync(target.Ports.Http, path, size));
    }

    private async Task<IReadOnlyList<Result>> PostBatchAsync(Target target, int senders, int size)
    {
        string path = target.IsFloor ? "/post" : "/v1/topics/load-http/messages";
        return await new Measurement(target, $"http-batch-{Batch}", senders, size, options).RunAsync(
            async _ => await HttpExchange.ConnectAsync(target.Ports.Http, path, Batch, size));
    }

    private async Task<IReadOnlyList<Result>> PublishAsync(Target target, int pairs, int size)
    {
        var measurement = new Measurement(target, "mqtt-qos1", pairs, size, options);
        Result closed = await MqttPairs.PublishAsync(measurement, 0);
        return options.Share > 0
            ? [closed, await MqttPairs.PublishAsync(measurement, Math.Max(1, closed.PerSecond * options.Share))]
            : [closed];
    }
}
