using System.Text;
using ProtoBridgeMQ.Broker.Handlers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>Each field of each command that is served: missing, and with values of every wrong kind, in both forms of a header.</summary>
public class EveryFieldOfEveryCommand
{
    private static readonly string[] NoNumbers = ["", "seven", "1.5", "0x10", " 1", "true", "99999999999999999999", "-9223372036854775809"];
    private static readonly string[] NoInt32 = ["2147483648", "-2147483649", "9223372036854775807"];
    private static readonly string[] BadBodies = ["", "{", "}", "[]", "null", "7", "{}", "\"x\"", "\u0001\u0002", "{\"a\":[[[[[[[[", "{\"clientID\":7}", "a=b", "=\n=\n", "\uFEFF{}"];

    [Fact]
    public async Task Of_a_broker()
    {
        await using HostileBroker broker = new();
        await CheckAsync(broker.Routes, CommandFields.OfBroker, () => broker.Peer(), broker.Clock, broker.Log);
        using RemotingResponse sent = await broker.Connect().SendAsync("steady", "1");
        Assert.Equal(ResponseCode.Success, sent.Code);
    }

    [Fact]
    public async Task Of_a_name_server()
    {
        await using HostileNameServer server = new();
        await CheckAsync(server.Routes, CommandFields.OfNameServer, server.Peer, server.Clock, server.Log);
        await server.CheckSteadyAsync();
    }

    private static async Task CheckAsync(RequestRoutes routes, Func<int, CommandField[]?> fieldsOf, Func<RawPeer> connect, ManualClock clock, LoudLog log)
    {
        foreach (int code in routes.Codes.Order())
        {
            CommandField[]? fields = fieldsOf(code);
            if (fields is null)
            {
                Assert.True(routes.Find(code) is UnsupportedHandler, $"the fields of code {code} are listed here");
                fields = [];
            }

            foreach (bool isBinary in (bool[])[false, true])
            {
                List<Case> cases = [.. Cases(code, fields)];
                await AskAsync(cases, isBinary, connect(), clock, log);
            }
        }
    }

    private static IEnumerable<Case> Cases(int code, CommandField[] fields)
    {
        foreach (CommandField field in fields)
        {
            if (field.IsRequired)
            {
                yield return Case.Of(code, fields, field.Name, null, isNamed: true);
            }

            foreach (string value in FrameMutator.Odd)
            {
                yield return Case.Of(code, fields, field.Name, value, isNamed: false);
            }

            if (field.Kind is FieldKind.Int32 or FieldKind.Int64)
            {
                foreach (string value in field.Kind == FieldKind.Int32 ? [.. NoNumbers, .. NoInt32] : NoNumbers)
                {
                    yield return Case.Of(code, fields, field.Name, value, isNamed: true);
                }
            }
        }

        foreach (string body in BadBodies)
        {
            yield return Case.Of(code, fields, null, null, isNamed: false) with { Body = Encoding.UTF8.GetBytes(body) };
        }
    }

    // All cases of a command at once: what is held, and what is asked of clients, ends with its time.
    private static async Task AskAsync(List<Case> cases, bool isBinary, RawPeer peer, ManualClock clock, LoudLog log)
    {
        for (int each = 0; each < cases.Count; each++)
        {
            peer.Write(cases[each].Frame(isBinary, each));
            log.MustBeSilent($"{cases[each]}");
        }

        var open = Enumerable.Range(0, cases.Count).ToHashSet();
        Task check = Task.Run(async () =>
        {
            while (open.Count > 0)
            {
                RawAnswer? answer = await peer.NextAsync();
                Assert.True(answer is not null, $"the connection was closed ({peer.ClosedBecause}) before {cases[open.First()]} was answered");
                Assert.True(open.Remove(answer.Opaque), $"one answer: {answer}");
                cases[answer.Opaque].Check(answer);
            }
        });
        await Eventually.True(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return check.IsCompleted;
            },
            $"all requests of code {cases[0].Code} are answered");
        await check;
        log.MustBeSilent($"code {cases[0].Code}");
        await peer.EndAsync();
        Assert.Null(peer.ClosedBecause);
    }

    private sealed record Case(int Code, IReadOnlyList<(string Name, string? Value)> Fields, string? Field, string? Value, bool IsNamed)
    {
        public byte[] Body { get; init; } = [1];

        public static Case Of(int code, CommandField[] fields, string? name, string? value, bool isNamed) => new(
            code,
            [.. fields.Where(field => field.Name == name ? value is not null : field.IsRequired).Select(field => (field.Name, (string?)(field.Name == name ? value! : field.Good)))],
            name,
            value,
            isNamed);

        public byte[] Frame(bool isBinary, int opaque)
        {
            // A code beyond 16 bits has no place in a binary header.
            var frame = new LooseFrame { Code = Code, Opaque = opaque, IsBinary = isBinary && Code <= short.MaxValue, Body = Body };
            frame.Fields.AddRange(Fields);
            return frame.ToBytes();
        }

        public void Check(RawAnswer answer)
        {
            if (IsNamed)
            {
                Assert.True(answer.Code == ResponseCode.SystemError && answer.Remark?.Contains($"<{Field}>", StringComparison.Ordinal) == true, $"{this} is refused by name: {answer}");
                return;
            }

            Assert.True(answer.Code == ResponseCode.Success || !string.IsNullOrEmpty(answer.Remark) || answer.Code == ResponseCode.IllegalOperation, $"{this} has a remark: {answer}");
            Assert.False(answer.Remark?.StartsWith("the request failed:", StringComparison.Ordinal) == true, $"{this} failed: {answer}");
        }

        public override string ToString() => $"code {Code} with {Field ?? "body"}={Value ?? Encoding.UTF8.GetString(Body)}";
    }
}
