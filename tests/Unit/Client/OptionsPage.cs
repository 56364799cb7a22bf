using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Hosting;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>The tables of the SDK's options in <c>docs/configuration.md</c> against the types.</summary>
public sealed partial class OptionsPage
{
    public static TheoryData<object> Types => new(
        new ClientOptions(),
        new ProducerOptions(),
        new TransactionProducerOptions { Group = "g" },
        new PushConsumerOptions { Group = "g" },
        new PullConsumerOptions { Group = "g" },
        new SimpleConsumerOptions { Group = "g" },
        new ReaderOptions(),
        new GroupMemberOptions { Group = "g" },
        new ProtoBridgeMqOptions());

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_option_stands_on_the_page_with_its_default(object options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Dictionary<string, string> rows = Rows(options.GetType().Name);
        PropertyInfo[] properties = options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance);
        Assert.Equal(properties.Select(property => property.Name).Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        foreach (PropertyInfo property in properties)
        {
            if (Default(property, options) is { } expected)
            {
                Assert.Equal($"{property.Name}: {expected}", $"{property.Name}: {rows[property.Name]}");
            }
        }
    }

    private static Dictionary<string, string> Rows(string type)
    {
        string page = File.ReadAllText(Path.Combine(BuiltProgram.Root, "docs", "configuration.md"));
        int from = page.IndexOf($"### {type}\n", StringComparison.Ordinal);
        Assert.True(from >= 0, $"the page has a section {type}");
        int to = page.IndexOf("\n### ", from + 1, StringComparison.Ordinal);
        return Row().Matches(to < 0 ? page[from..] : page[from..to]).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value);
    }

    /// <summary>As the page writes it; null where the page says it in words.</summary>
    private static string? Default(PropertyInfo property, object options)
    {
        if (property.GetCustomAttribute<RequiredMemberAttribute>() is not null)
        {
            return "required";
        }

        return property.GetValue(options) switch
        {
            null => "none",
            _ when property.Name == nameof(PushConsumerOptions.LocalOffsetDirectory) => null,
            bool value => value ? "true" : "false",
            TimeSpan { Seconds: 0, TotalMinutes: >= 1 } time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes} min"),
            TimeSpan time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds} s"),
            IConvertible value => value.ToString(CultureInfo.InvariantCulture),
            System.Collections.ICollection { Count: 0 } => "none",
            _ => null,
        };
    }

    [GeneratedRegex(@"^\| `(\w+)` \| ([^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
