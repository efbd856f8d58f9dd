//! What the documents say: five collections of somebody who looks for work.

use super::random::Random;
use serde_json::{Value, json};

/// A text with what belongs to it.
pub(super) struct Text {
    pub(super) collection: &'static str,
    pub(super) content: String,
    pub(super) metadata: Value,
}

const ROLES: [&str; 16] = [
    "Software Engineer",
    "Data Engineer",
    "Backend Developer",
    "Frontend Developer",
    "Machine Learning Engineer",
    "Database Administrator",
    "Site Reliability Engineer",
    "Product Manager",
    "UX Designer",
    "Security Analyst",
    "Technical Writer",
    "Data Scientist",
    "Mobile Developer",
    "QA Engineer",
    "Solutions Architect",
    "Engineering Manager",
];
const LEVELS: [&str; 5] = ["Junior", "Mid-level", "Senior", "Staff", "Principal"];
const COMPANIES: [&str; 16] = [
    "Nordwind Systems",
    "Blue Harbor Labs",
    "Café Données",
    "Granite Cloud",
    "Zhīshi 知识",
    "Müller & Söhne",
    "Quiet River Health",
    "Polar Freight",
    "Øresund Energy",
    "Lumen Robotics",
    "Saffron Bank",
    "Tidewater Games",
    "Kestrel Aerospace",
    "Oak & Iron",
    "Paper Lantern Media",
    "Żubr Logistics",
];
const FIELDS: [&str; 10] = [
    "logistics",
    "health care",
    "energy",
    "finance",
    "education",
    "robotics",
    "games",
    "publishing",
    "aerospace",
    "public transport",
];
const CITIES: [&str; 12] = [
    "Berlin",
    "Zürich",
    "Austin",
    "Toronto",
    "São Paulo",
    "Kraków",
    "Osaka",
    "Nairobi",
    "Melbourne",
    "Lyon",
    "Reykjavík",
    "remote",
];
const SKILLS: [&str; 20] = [
    "Rust",
    "Python",
    "PostgreSQL",
    "Kubernetes",
    "TypeScript",
    "Kafka",
    "Terraform",
    "React",
    "Go",
    "Spark",
    "GraphQL",
    "Swift",
    "C++",
    "pgvector",
    "dbt",
    "Elixir",
    "Figma",
    "Linux",
    "Java",
    "Redis",
];
const TASKS: [&str; 14] = [
    "moved a monolith to services without an outage",
    "cut the nightly batch from six hours to one",
    "built the search for two million documents",
    "led the on-call rotation of four teams",
    "wrote the migration guide that everyone now follows",
    "halved the cloud bill",
    "introduced code review with checklists",
    "designed the schema of the billing system",
    "trained the ranking model behind recommendations",
    "shipped the mobile application",
    "made the tests ten times faster",
    "ran workshops on query plans",
    "replaced cron jobs by a queue",
    "took the data platform through its first audit",
];
const QUESTIONS: [&str; 14] = [
    "Tell me about a time you disagreed with a decision",
    "How would you design a rate limiter",
    "What happens between typing a URL and seeing the page",
    "Explain transaction isolation levels",
    "How do you find out why a query is slow",
    "When would you choose an HNSW index over IVFFlat",
    "Describe the hardest bug you have ever fixed",
    "How do you plan a migration without downtime",
    "What makes a code review useful",
    "How do you estimate work that you have never done",
    "Design a chat application for a million users",
    "How do you mentor a junior colleague",
    "What is eventual consistency good for",
    "Why do you want to work with us",
];
const TOPICS: [&str; 10] = [
    "salary negotiation",
    "system design",
    "company research",
    "thank-you letter",
    "portfolio review",
    "phone screen",
    "take-home exercise",
    "reference calls",
    "relocation",
    "notice period",
];
const MOODS: [&str; 6] = [
    "went well",
    "felt rushed",
    "was friendlier than expected",
    "left open questions",
    "ended with a clear next step",
    "needs a second look ☕",
];
const NAMES: [&str; 12] = [
    "Ada Okafor",
    "Jürgen Weiß",
    "Mei Lin 林美",
    "Søren Holm",
    "Priya Raman",
    "Luis Ortega",
    "Zoë van Dijk",
    "Aleksandra Nowak",
    "Tom O'Brien",
    "Fatima Haddad",
    "Kenji Sato",
    "Ana Souza",
];

/// The collections, each as often as it is named here.
const SHARES: [fn(&mut Random) -> Text; 10] = [
    application,
    application,
    company,
    question,
    question,
    question,
    resume,
    resume,
    note,
    note,
];

/// The next text.
pub(super) fn write(random: &mut Random) -> Text {
    SHARES[random.below(SHARES.len() as u64) as usize](random)
}

fn role(random: &mut Random) -> String {
    format!("{} {}", random.pick(&LEVELS), random.pick(&ROLES))
}

fn application(random: &mut Random) -> Text {
    let (role, company, city) = (role(random), random.pick(&COMPANIES), random.pick(&CITIES));
    let skills = random.some(&SKILLS, 3);
    let status = random.pick(&[
        "draft",
        "sent",
        "interview",
        "offer",
        "rejected",
        "withdrawn",
    ]);
    let salary = (random.below(2) == 0).then(|| 45_000 + random.below(120) * 1_000);
    let content = format!(
        "Application for {role} at {company}, {city}. They ask for {}. In my last position I {}. Status: {status}.",
        skills.join(", "),
        random.pick(&TASKS),
    );
    let metadata = json!({
        "record_type": "application", "role": role, "company": company, "location": city,
        "status": status, "salary": salary, "skills": skills, "remote": city == "remote",
    });
    Text {
        collection: "applications",
        content,
        metadata,
    }
}

fn company(random: &mut Random) -> Text {
    let (name, city) = (random.pick(&COMPANIES), random.pick(&CITIES));
    let (fields, size) = (random.some(&FIELDS, 2), 10 + random.below(5_000));
    let stack = random.some(&SKILLS, 4);
    let content = format!(
        "{name} from {city} works on {} with {size} people. Their stack: {}. They are hiring for {}.",
        fields.join(" and "),
        stack.join(", "),
        random.pick(&ROLES),
    );
    let metadata = json!({
        "record_type": "company", "name": name,
        "profile": {"city": city, "employees": size, "fields": fields}, "stack": stack,
    });
    Text {
        collection: "companies",
        content,
        metadata,
    }
}

fn question(random: &mut Random) -> Text {
    let (question, role) = (random.pick(&QUESTIONS), role(random));
    let difficulty = 1 + random.below(5);
    let content = format!(
        "{question}? Asked in an interview for {role} at {}. A good answer mentions {} and how I {}.",
        random.pick(&COMPANIES),
        random.pick(&SKILLS),
        random.pick(&TASKS),
    );
    let metadata = json!({
        "record_type": "interview_question", "difficulty": difficulty, "role": role,
        "practised": random.below(3) == 0, "score": random.below(1_000) as f64 / 100.0,
    });
    Text {
        collection: "questions",
        content,
        metadata,
    }
}

fn resume(random: &mut Random) -> Text {
    let (name, role, years) = (random.pick(&NAMES), role(random), 1 + random.below(25));
    let (skills, tasks) = (random.some(&SKILLS, 5), random.some(&TASKS, 2));
    let content = format!(
        "{name}, {role}\n{years} years of experience with {}.\n– {}\n– {}\nLives in {}.",
        skills.join(", "),
        tasks[0],
        tasks[1],
        random.pick(&CITIES),
    );
    let metadata = json!({
        "record_type": "resume", "name": name, "title": role, "years": years, "skills": skills,
        "version": format!("v{}", 1 + random.below(9)),
    });
    Text {
        collection: "resumes",
        content,
        metadata,
    }
}

fn note(random: &mut Random) -> Text {
    let (topic, company) = (random.pick(&TOPICS), random.pick(&COMPANIES));
    let tags = random.some(
        &["follow-up", "idea", "\"quoted\"", "back\\slash", "später"],
        2,
    );
    let content = format!(
        "Note on {topic}: the talk with {} of {company} {}. Remember to mention {}.",
        random.pick(&NAMES),
        random.pick(&MOODS),
        random.pick(&SKILLS),
    );
    let pinned = (random.below(4) == 0).then_some(true);
    let metadata = json!({
        "record_type": "note", "topic": topic, "company": company, "tags": tags, "pinned": pinned,
    });
    Text {
        collection: "notes",
        content,
        metadata,
    }
}
