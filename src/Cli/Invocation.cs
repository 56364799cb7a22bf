using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ProtoBridgeMQ.Cli.Output;
using ProtoBridgeMQ.Client;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ProtoBridgeMQ.Cli;

/// <summary>One run of a command: its arguments, the cluster it speaks to, and where it answers.</summary>
internal sealed class Invocation(
    ParseResult parsed, ClientOptions client, Uri http, AuthenticationHeaderValue? httpSignIn, bool json, TextWriter output, TextWriter error, CancellationToken cancellationToken) : IAsyncDisposable
{
    /// <summary>Wide enough for ids and names where no terminal says how wide it is.</summary>
    private const int PipedWidth = 240;

    private ClusterConnection? _cluster;

    public ClientOptions ClientOptions => client;

    public Uri Http => http;

    /// <summary>What requests to the gateway say of who sends them; null for nothing.</summary>
    public AuthenticationHeaderValue? HttpSignIn => httpSignIn;

    public bool IsJson => json;

    public CancellationToken Cancelled => cancellationToken;

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>The cluster; connects when first used.</summary>
    public ClusterConnection Cluster => _cluster ??= new ClusterConnection(client);

    public AdminClient Admin => new(Cluster);

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    public bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>Answers: as JSON on one line, or as what people read.</summary>
    public async Task AnswerAsync<T>(T value, JsonTypeInfo<T> type, Func<T, IRenderable> shown)
    {
        if (json)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(value, type));
        }
        else
        {
            Console(output, isError: false).Write(shown(value));
        }

        await output.FlushAsync(cancellationToken);
    }

    /// <summary>One line of an answer that goes on.</summary>
    public async Task LineAsync<T>(T value, JsonTypeInfo<T> type, Func<T, string> shown)
    {
        await output.WriteLineAsync(json ? JsonSerializer.Serialize(value, type) : Shown.Line(shown(value)));
        await output.FlushAsync(cancellationToken);
    }

    /// <summary>A line for people, beside the answer.</summary>
    public Task NoteAsync(string text) => json ? Task.CompletedTask : error.WriteLineAsync(Shown.Line(text));

    /// <summary>Long work under a progress bar; it is drawn on the error output, and only on a terminal.</summary>
    public async Task<T> ProgressAsync<T>(string what, long of, Func<Action<long>, Task<T>> work)
    {
        if (json || System.Console.IsErrorRedirected)
        {
            return await work(_ => { });
        }

        return await Console(error, isError: true).Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(what), maxValue: Math.Max(1, of));
                return work(done => task.Value = done);
            });
    }

    public ValueTask DisposeAsync() => _cluster?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static IAnsiConsole Console(TextWriter writer, bool isError)
    {
        bool isPiped = isError ? System.Console.IsErrorRedirected : System.Console.IsOutputRedirected;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (isPiped)
        {
            console.Profile.Width = PipedWidth;
        }

        return console;
    }
}
